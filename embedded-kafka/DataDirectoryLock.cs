namespace Kappa.Iot.Embedded;

/// <summary>One server a data folder: the operating system gives the lock back when the process ends, however it ends.</summary>
internal static class DataDirectoryLock
{
    /// <exception cref="IOException">Another server has the folder, or it cannot be written.</exception>
    public static FileStream Take(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        var path = Path.Combine(dataDirectory, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException(
                $"The data folder {dataDirectory} is in use by another server ({path} is locked). Stop that one, or choose another folder with --data.", e);
        }
    }
}
