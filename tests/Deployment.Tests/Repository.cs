namespace Kappa.Iot.Deployment.Tests;

/// <summary>The files under test, found from where the tests run.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kappa.Iot.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"No Kappa.Iot.sln above {AppContext.BaseDirectory}: run the tests inside the repository.");
    }
}
