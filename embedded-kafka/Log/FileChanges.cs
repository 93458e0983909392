using Microsoft.Win32.SafeHandles;

namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// Every change that a log makes to its folder, one call a change. A crash can come before any of them, or in the middle of a write;
/// the tests stop the work there and look at what the next start makes of it.
/// </summary>
internal static class FileChanges
{
    [ThreadStatic]
    private static FileChange? _before;

    /// <summary>Called on this thread before each change; what it throws ends the work before the change is made.</summary>
    public static FileChange? Before
    {
        get => _before;
        set => _before = value;
    }

    public static SafeFileHandle Create(string path, FileMode mode)
    {
        _before?.Invoke(null, 0, []);
        return File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
    }

    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> data, long position)
    {
        _before?.Invoke(file, position, data);
        RandomAccess.Write(file, data, position);
    }

    public static void SetLength(SafeFileHandle file, long length)
    {
        _before?.Invoke(null, 0, []);
        RandomAccess.SetLength(file, length);
    }

    /// <summary>Renames a file, over one that may be there.</summary>
    public static void Move(string from, string to)
    {
        _before?.Invoke(null, 0, []);
        File.Move(from, to, overwrite: true);
    }

    /// <summary>Copies a file, all of it or nothing.</summary>
    public static void Copy(string from, string to)
    {
        _before?.Invoke(null, 0, []);
        try
        {
            File.Copy(from, to + ".tmp", overwrite: true);
            Move(to + ".tmp", to);
        }
        catch (IOException)
        {
            File.Delete(to + ".tmp"); // half of it would only take room
            throw;
        }
    }

    /// <summary>Forces a file's content down to the disk.</summary>
    public static void Flush(SafeFileHandle file)
    {
        _before?.Invoke(null, 0, []);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Forces new names, and that old ones are gone, down to the disk.</summary>
    public static void FlushDirectory(string path)
    {
        _before?.Invoke(null, 0, []);
        Disk.FlushDirectory(path);
    }

    /// <summary>Removes a file, if it is there.</summary>
    public static void Delete(string path)
    {
        _before?.Invoke(null, 0, []);
        File.Delete(path);
    }
}
