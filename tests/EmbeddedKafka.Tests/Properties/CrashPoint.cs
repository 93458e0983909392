using Kappa.Iot.Embedded.Log;
using Microsoft.Win32.SafeHandles;

namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>Ends the work of a log before one of its changes to the disk, or in the middle of a write.</summary>
internal sealed class CrashPoint : IDisposable
{
    private int _countdown;
    private double _written;

    public CrashPoint() => FileChanges.Before = OnChange;

    /// <summary>Whether the crash has happened; nothing changes the disk any more until it is cleared.</summary>
    public bool Happened { get; private set; }

    /// <param name="changes">So many changes are made before the crash.</param>
    /// <param name="written">The share of the last write that still reaches the file, if it is a write.</param>
    public void Arm(int changes, double written)
    {
        _countdown = changes + 1;
        _written = written;
    }

    public void Clear()
    {
        Happened = false;
        _countdown = 0;
    }

    public void Dispose() => FileChanges.Before = null;

    private void OnChange(SafeFileHandle? file, long position, ReadOnlySpan<byte> data)
    {
        if (Happened)
            throw new CrashException();
        if (_countdown == 0 || --_countdown > 0)
            return;
        Happened = true;
        if (file is not null)
            RandomAccess.Write(file, data[..(int)(data.Length * _written)], position);
        throw new CrashException();
    }
}
