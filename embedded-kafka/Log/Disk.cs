using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kappa.Iot.Embedded.Log;

/// <summary>Forces names, not content, down to the disk: a new or renamed file is only there after a loss of power if its folder was flushed too.</summary>
internal static partial class Disk
{
    /// <exception cref="IOException">The operating system could not do it.</exception>
    public static void FlushDirectory(string path)
    {
        // Windows keeps names in a journal of its own, and has no call for this.
        if (OperatingSystem.IsWindows())
            return;

        var file = Open(path, 0);
        if (file < 0)
            throw new IOException($"The folder {path} cannot be opened: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        var failed = Flush(file) < 0 ? Marshal.GetLastPInvokeError() : 0;
        _ = Close(file);
        if (failed != 0)
            throw new IOException($"The folder {path} cannot be flushed: {new Win32Exception(failed).Message}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
