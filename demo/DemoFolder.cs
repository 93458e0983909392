namespace Kappa.Iot.Demo;

/// <summary>The folder of a demo, held by a lock: one demo at a time has it.</summary>
internal sealed class DemoFolder : IAsyncDisposable
{
    private const string LockName = "demo.lock";

    private readonly FileStream _lock;

    private DemoFolder(FileStream held) => _lock = held;

    /// <param name="folder">Is created where it is missing.</param>
    /// <param name="reset">Delete what an earlier demo left there.</param>
    /// <exception cref="DemoException">Another demo runs in it, or it is to be reset and is no demo's.</exception>
    public static DemoFolder Open(string folder, bool reset)
    {
        var file = Path.Combine(folder, LockName);
        if (reset && Directory.Exists(folder) && !File.Exists(file) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new DemoException($"{folder} is not a demo's folder (it has no {LockName} in it): not deleted.");

        Directory.CreateDirectory(folder);
        FileStream held;
        try
        {
            held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new DemoException($"Another demo runs in {folder}: stop it, or choose another folder with --data.");
        }

        if (reset) DeleteAllBut(folder, file);
        return new DemoFolder(held);
    }

    public ValueTask DisposeAsync() => _lock.DisposeAsync();

    private static void DeleteAllBut(string folder, string file)
    {
        foreach (var directory in Directory.GetDirectories(folder)) Directory.Delete(directory, recursive: true);
        foreach (var other in Directory.GetFiles(folder).Where(f => f != file)) File.Delete(other);
    }
}
