namespace Kappa.Iot.Contracts.Tests.Traces;

/// <summary>The recorded traces that lie beside the repository, where they do.</summary>
internal static class RecordedData
{
    /// <summary>Skips the test, by name of what is missing, where the recordings are not there.</summary>
    public static string Find(string part)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Kappa.Iot.sln"))) continue;
            var path = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data", part));
            if (File.Exists(path) || Directory.Exists(path)) return path;
            Assert.Skip($"There is no recorded data at {path}.");
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
