using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>As long as it is there, this thread can write to a file so many times more.</summary>
internal sealed class FullDisk : IDisposable
{
    public FullDisk(int writes = 0) => FileChanges.Before = (file, _, _) =>
    {
        if (file is not null && --writes < 0)
            throw new IOException("No space left on device");
    };

    public void Dispose() => FileChanges.Before = null;
}
