using System.Diagnostics;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>A file system of a few MiB, which a test can fill to the last byte.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Where it is; whoever moves a folder above has to say so.</summary>
    public string Path { get; set; }

    /// <summary>Mounts one; skips the test where that is not allowed.</summary>
    public static SmallDisk Mount(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsLinux() || Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "embedded-kafka", path) != 0)
            Assert.Skip("A small file system can only be mounted by root on Linux.");
        return new SmallDisk(path);
    }

    /// <summary>Takes what is left.</summary>
    /// <returns>The file to remove for having it again.</returns>
    public string Fill()
    {
        var rest = System.IO.Path.Combine(Path, "rest");
        try
        {
            using var file = new FileStream(rest, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full: that was the point.
        }

        return rest;
    }

    public void Dispose() => Assert.Equal(0, Run("umount", Path));

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
