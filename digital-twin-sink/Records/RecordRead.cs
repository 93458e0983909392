using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>What a record of the log turned out to be.</summary>
internal abstract record RecordRead
{
    /// <summary>A change to a twin.</summary>
    internal sealed record Update(TwinUpdate Change) : RecordRead;

    /// <summary>Says nothing to a twin: a compacted topic's mark that a key is gone.</summary>
    internal sealed record Nothing : RecordRead
    {
        public static Nothing Instance { get; } = new();
    }

    /// <summary>Cannot be taken in, now or ever.</summary>
    /// <param name="Reason">One word, as in the header of a dead letter.</param>
    /// <param name="Detail">What exactly was wrong, for a person.</param>
    internal sealed record Rejected(string Reason, string Detail) : RecordRead;
}
