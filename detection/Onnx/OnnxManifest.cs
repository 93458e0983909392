using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>What there must be said beside an ONNX file so that it can score vehicles.</summary>
public sealed record OnnxManifest
{
    /// <summary>Rows that a network may look at.</summary>
    public const int MaxRows = 360;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The kind of vehicle it is for.</summary>
    public required string Profile { get; init; }

    /// <summary>VSS paths, in the order of the network's inputs.</summary>
    public required string[] Signals { get; init; }

    /// <summary><c>sample</c> or <c>step</c> (means over ten seconds).</summary>
    public OnnxRow Row { get; init; } = OnnxRow.Step;

    /// <summary>Rows in an input, oldest first. Samples are looked at one by one.</summary>
    public int Rows { get; init; } = 1;

    /// <summary><c>reconstruction</c> or <c>score</c>.</summary>
    public OnnxOutput Output { get; init; } = OnnxOutput.Reconstruction;

    /// <summary>Per signal, in the catalogue's unit: what is taken off, and what is divided by.</summary>
    public required float[] Mean { get; init; }

    public required float[] Scale { get; init; }

    /// <summary>Where an alert is raised: the mean squared error in scaled units, or the network's own score. Null: found on traces of normal driving.</summary>
    public float? Threshold { get; init; }

    /// <summary>Of networks that give a score: how far above the threshold is odd beyond doubt.</summary>
    public float Spread { get; init; } = 1;

    /// <summary>Reads and checks a manifest.</summary>
    /// <param name="json">The file's text.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <exception cref="InvalidDataException">It is no manifest; the message says what is wrong.</exception>
    public static OnnxManifest Read(string json, string name)
    {
        OnnxManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<OnnxManifest>(json, Json) ?? throw new InvalidDataException($"The manifest {name} is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The manifest {name} cannot be read: {e.Message.Split('\n')[0]}", e);
        }
        if (manifest.Wrong() is { } wrong) throw new InvalidDataException($"The manifest {name} is wrong: {wrong}");
        return manifest;
    }

    /// <summary>The model it describes; without a threshold there is none that raises alerts yet.</summary>
    internal OnnxModel ToModel(float threshold) => new()
    {
        Profile = Profile,
        Signals = [.. Signals.Select(path => SignalCatalogue.Get(path).Id)],
        Row = Row,
        Rows = Rows,
        Output = Output,
        Mean = Mean,
        Scale = Scale,
        Threshold = threshold,
        Spread = Spread,
    };

    private string? Wrong()
    {
        if (string.IsNullOrWhiteSpace(Profile)) return "'profile' is empty.";
        if (Signals.Length == 0) return "'signals' names none.";
        if (Array.Find(Signals, path => SignalCatalogue.Find(path) is null) is { } unknown) return $"'signals' names '{unknown}', which is not in the signal catalogue.";
        if (Signals.Distinct(StringComparer.OrdinalIgnoreCase).Count() < Signals.Length) return "'signals' names one twice.";
        if (Mean.Length != Signals.Length || Scale.Length != Signals.Length) return $"there are {Signals.Length} signals, {Mean.Length} values in 'mean' and {Scale.Length} in 'scale'.";
        if (!Array.TrueForAll(Mean, float.IsFinite)) return "'mean' has a value that is no finite number.";
        if (!Array.TrueForAll(Scale, scale => float.IsFinite(scale) && scale > 0)) return "'scale' has a value that is not above 0.";
        if (Rows is < 1 or > MaxRows) return $"'rows' is {Rows}, not 1 to {MaxRows}.";
        if (Row == OnnxRow.Sample && Rows > 1) return $"'rows' is {Rows}, but samples are looked at one by one; use \"row\": \"step\" for networks that look at a span of time.";
        if (Threshold is { } threshold && (!float.IsFinite(threshold) || (Output == OnnxOutput.Reconstruction && threshold <= 0))) return $"'threshold' is {threshold}.";
        return Spread > 0 && float.IsFinite(Spread) ? null : $"'spread' is {Spread}, not above 0.";
    }
}
