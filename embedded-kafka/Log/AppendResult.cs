using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Log;

/// <summary>What became of a batch.</summary>
/// <param name="BaseOffset">The offset of its first record; -1 where it was refused.</param>
/// <param name="LogAppendTime">The broker's time where the topic stamps batches, else -1.</param>
/// <param name="Message">Why it was refused, for people.</param>
internal readonly record struct AppendResult(ErrorCode Error, long BaseOffset, long LogAppendTime, string? Message)
{
    public static AppendResult Refused(ErrorCode error, string message) => new(error, -1, -1, message);
}
