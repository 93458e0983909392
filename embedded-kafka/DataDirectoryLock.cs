namespace Kappa.Iot.Embedded;

/// <summary>One server a data folder: the operating system gives the lock back when the process ends, however it ends.</summary>
internal static class DataDirectoryLock
{
    // What a file that is locked answers with: EWOULDBLOCK, and on Windows ERROR_SHARING_VIOLATION.
    private const int WouldBlock = 11, SharingViolation = 32;

    /// <exception cref="IOException">Another server has the folder, or it cannot be written.</exception>
    public static FileStream Take(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        var path = Path.Combine(dataDirectory, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) is WouldBlock or SharingViolation)
        {
            throw new IOException(
                $"The data folder {dataDirectory} is in use by another server ({path} is locked). Stop that one, or choose another folder with --data.", e);
        }
    }
}
