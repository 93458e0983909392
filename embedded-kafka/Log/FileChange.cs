using Microsoft.Win32.SafeHandles;

namespace Kappa.Iot.Embedded.Log;

/// <summary>Hears of a change to a log's folder before it is made.</summary>
/// <param name="file">The file that is about to be written to; null for a change that is no write.</param>
internal delegate void FileChange(SafeFileHandle? file, long position, ReadOnlySpan<byte> data);
