using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection;

/// <summary>
/// A model as one run of bytes: what kind of detector it is, its calibration as JSON, each of its models in ML.NET's own format, and a
/// checksum. The same model gives the same bytes.
/// </summary>
public static class ModelArtifact
{
    /// <summary>Format of the artifact; rises with every change that an older reader would not understand.</summary>
    public const int SchemaVersion = 2;

    private const int ChecksumBytes = SHA256.HashSizeInBytes;
    private const int MaxClassifiers = 64;
    private const int MaxPartBytes = 256 << 20;
    private static readonly byte[] Magic = "KAPPA-MODEL"u8.ToArray();

    /// <summary>Reads a model and compiles it for scoring.</summary>
    /// <param name="modelId">The id under which it is in the registry.</param>
    /// <param name="artifact">All of its bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of a format or detector that this version does not know.</exception>
    public static IDetector Load(string modelId, ReadOnlyMemory<byte> artifact)
    {
        var (model, blobs) = Read(modelId, artifact);
        var ml = new MLContext(seed: 0);
        var trees = blobs.Select((blob, i) => new CompiledTrees(LoadTrees(ml, modelId, i, blob))).ToArray();
        var sensors = model.Sensors.Count;
        return new VirtualSensorDetector(modelId, model, trees[..sensors], trees[sensors..(sensors + model.Globals)], trees[(sensors + model.Globals)..]);
    }

    /// <summary>The parts of an artifact: its calibration, and its models of ML.NET, those of the sensors first, each as <c>MLContext.Model.Load</c> reads it.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of a format or detector that this version does not know.</exception>
    public static (VirtualSensorModel Model, IReadOnlyList<byte[]> MlModels) Read(string modelId, ReadOnlyMemory<byte> artifact)
    {
        if (artifact.Length < Magic.Length + ChecksumBytes || !artifact.Span.StartsWith(Magic))
            throw new InvalidDataException($"The artifact of model '{modelId}' is not a model: {artifact.Length} bytes without the format's first bytes.");
        var body = artifact[..^ChecksumBytes];
        if (!SHA256.HashData(body.Span).AsSpan().SequenceEqual(artifact.Span[^ChecksumBytes..]))
            throw new InvalidDataException($"The artifact of model '{modelId}' is damaged: its checksum does not fit its {artifact.Length} bytes. Train it again or promote another model.");

        using var reader = new BinaryReader(new MemoryStream(body.ToArray(), Magic.Length, body.Length - Magic.Length));
        try
        {
            var schema = reader.ReadInt32();
            if (schema != SchemaVersion) throw new InvalidDataException($"The artifact of model '{modelId}' has format {schema}; this version reads {SchemaVersion}.");
            var detector = Encoding.UTF8.GetString(ReadPart(reader, modelId));
            if (detector != VirtualSensorModel.Detector) throw new InvalidDataException($"The artifact of model '{modelId}' is for the detector '{detector}', which this version does not have.");
            var model = JsonSerializer.Deserialize<VirtualSensorModel>(ReadPart(reader, modelId), JsonSettings)
                ?? throw new InvalidDataException($"The artifact of model '{modelId}' has no calibration.");
            var blobs = new List<byte[]>();
            Check(modelId, model);
            for (var i = 0; i < model.Sensors.Count + model.Globals + model.Heads; i++) blobs.Add(ReadPart(reader, modelId));
            return (model, blobs);
        }
        catch (Exception e) when (e is EndOfStreamException or JsonException)
        {
            throw new InvalidDataException($"The artifact of model '{modelId}' cannot be read: {e.Message}", e);
        }
    }

    internal static byte[] Save(VirtualSensorModel model, IReadOnlyList<byte[]> mlModels)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(SchemaVersion);
        WritePart(writer, Encoding.UTF8.GetBytes(VirtualSensorModel.Detector));
        WritePart(writer, JsonSerializer.SerializeToUtf8Bytes(model, JsonSettings));
        foreach (var blob in mlModels) WritePart(writer, blob);
        writer.Flush();
        writer.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        writer.Flush();
        return stream.ToArray();
    }

    private static readonly JsonSerializerOptions JsonSettings = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static RegressionTreeEnsemble LoadTrees(MLContext ml, string modelId, int index, byte[] blob)
    {
        ITransformer loaded;
        try
        {
            loaded = ml.Model.Load(new MemoryStream(blob), out _);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or InvalidDataException)
        {
            throw new InvalidDataException($"Part {index} of model '{modelId}' cannot be read by ML.NET: {e.Message}", e);
        }
        return BoostedEnsemble.Of(loaded) ?? throw new InvalidDataException($"Part {index} of model '{modelId}' is a {loaded.GetType().Name}, not boosted trees.");
    }

    private static void Check(string modelId, VirtualSensorModel model)
    {
        if (model.Sensors.Count == 0) throw new InvalidDataException($"Model '{modelId}' has no signals.");
        if (!float.IsFinite(model.Threshold)) throw new InvalidDataException($"Model '{modelId}' has the threshold {model.Threshold}.");
        if (model.Globals is < 1 or > MaxClassifiers || model.Heads is < 1 or > MaxClassifiers)
            throw new InvalidDataException($"Model '{modelId}' has {model.Globals} and {model.Heads} classifiers; there must be 1 to {MaxClassifiers} of each.");
        foreach (var sensor in model.Sensors)
        {
            if (!(sensor.Scale > 0) || sensor.Reliance.Length != model.Sensors.Count)
                throw new InvalidDataException($"The calibration of signal {sensor.Signal} in model '{modelId}' is not complete.");
        }
    }

    private static byte[] ReadPart(BinaryReader reader, string modelId)
    {
        var length = reader.ReadInt32();
        if (length is < 0 or > MaxPartBytes) throw new InvalidDataException($"The artifact of model '{modelId}' has a part of {length} bytes.");
        var bytes = reader.ReadBytes(length);
        return bytes.Length == length ? bytes : throw new EndOfStreamException("it ends too early.");
    }

    private static void WritePart(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }
}
