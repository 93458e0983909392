using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Kappa.Iot.Detection;

/// <summary>
/// A model as one run of bytes: what kind of detector it is, its calibration as JSON, each of its models in ML.NET's own format, and a
/// checksum. The same model gives the same bytes.
/// </summary>
public static class ModelArtifact
{
    /// <summary>Format of the artifact; rises with every change that an older reader would not understand.</summary>
    public const int SchemaVersion = 4;

    private const int ChecksumBytes = SHA256.HashSizeInBytes;
    private const int MaxParts = 1000;
    private const int MaxPartBytes = 256 << 20;
    private static readonly byte[] Magic = "KAPPA-MODEL"u8.ToArray();

    /// <summary>Reads a model and compiles it for scoring.</summary>
    /// <param name="modelId">The id under which it is in the registry.</param>
    /// <param name="artifact">All of its bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of a format or detector that this version does not know.</exception>
    public static IDetector Load(string modelId, ReadOnlyMemory<byte> artifact)
    {
        try
        {
            return Compile(modelId, artifact);
        }
#pragma warning disable CA1031 // Whatever is wrong with a model, and there are many ways, must not end the program that reads it.
        catch (Exception e) when (e is not InvalidDataException)
#pragma warning restore CA1031
        {
            throw new InvalidDataException($"The artifact of model '{modelId}' is whole, but what is in it cannot be used: {e.Message}", e);
        }
    }

    private static IDetector Compile(string modelId, ReadOnlyMemory<byte> artifact)
    {
        var ml = new MLContext(seed: 0);
        var (detector, calibration, blobs) = ReadParts(modelId, artifact);
        switch (detector)
        {
            case VirtualSensorModel.Detector:
                var model = Check(modelId, Calibration<VirtualSensorModel>(modelId, calibration), blobs.Count);
                var trees = blobs.Select((blob, i) => new CompiledTrees(BoostedEnsemble.Of(Transformer(ml, modelId, i, blob)) ?? throw Unfit(modelId, i, "boosted trees"))).ToArray();
                var sensors = model.Sensors.Count;
                return new VirtualSensorDetector(
                    modelId, model, trees[..sensors], trees[sensors..(2 * sensors)],
                    trees[(2 * sensors)..(2 * sensors + model.Globals)], trees[(2 * sensors + model.Globals)..]);
            case PcaModel.Detector:
                var pca = Check(modelId, Calibration<PcaModel>(modelId, calibration), blobs.Count);
                var components = (Transformer(ml, modelId, 0, blobs[0]) as ISingleFeaturePredictionTransformer<object>)?.Model as PcaModelParameters ?? throw Unfit(modelId, 0, "principal components");
                return new PcaDetector(modelId, pca, components);
            case OnnxModel.Detector:
                if (blobs.Count != 1) throw new InvalidDataException($"The artifact of model '{modelId}' has {blobs.Count} ONNX files instead of one.");
                return new OnnxDetector(modelId, Calibration<OnnxModel>(modelId, calibration), blobs[0]);
            default:
                throw new InvalidDataException($"The artifact of model '{modelId}' is for the detector '{detector}', which this version does not have.");
        }
    }

    /// <summary>
    /// The parts of a virtual-sensor model's artifact: its calibration, and its models of ML.NET as <c>MLContext.Model.Load</c> reads them:
    /// those of the sensors, those of their errors, the classifiers of all signals, those shared by the signals.
    /// </summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of a format or detector that this version does not know.</exception>
    public static (VirtualSensorModel Model, IReadOnlyList<byte[]> MlModels) Read(string modelId, ReadOnlyMemory<byte> artifact)
    {
        var (detector, calibration, blobs) = ReadParts(modelId, artifact);
        if (detector != VirtualSensorModel.Detector) throw new InvalidDataException($"The artifact of model '{modelId}' is for the detector '{detector}', not '{VirtualSensorModel.Detector}'.");
        return (Check(modelId, Calibration<VirtualSensorModel>(modelId, calibration), blobs.Count), blobs);
    }

    /// <summary>The kind of detector an artifact is for, and its models of ML.NET.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of a format that this version does not know.</exception>
    public static (string Detector, IReadOnlyList<byte[]> MlModels) ReadMlModels(string modelId, ReadOnlyMemory<byte> artifact)
    {
        var (detector, _, blobs) = ReadParts(modelId, artifact);
        return (detector, blobs);
    }

    internal static byte[] Save(VirtualSensorModel model, IReadOnlyList<byte[]> mlModels) =>
        Save(VirtualSensorModel.Detector, JsonSerializer.SerializeToUtf8Bytes(model, JsonSettings), mlModels);

    internal static byte[] Save(PcaModel model, byte[] mlModel) => Save(PcaModel.Detector, JsonSerializer.SerializeToUtf8Bytes(model, JsonSettings), [mlModel]);

    internal static byte[] Save(OnnxModel model, byte[] onnx) => Save(OnnxModel.Detector, JsonSerializer.SerializeToUtf8Bytes(model, JsonSettings), [onnx]);

    private static byte[] Save(string detector, byte[] calibration, IReadOnlyList<byte[]> mlModels)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(SchemaVersion);
        WritePart(writer, Encoding.UTF8.GetBytes(detector));
        WritePart(writer, calibration);
        writer.Write(mlModels.Count);
        foreach (var blob in mlModels) WritePart(writer, blob);
        writer.Flush();
        writer.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        writer.Flush();
        return stream.ToArray();
    }

    private static (string Detector, byte[] Calibration, List<byte[]> Blobs) ReadParts(string modelId, ReadOnlyMemory<byte> artifact)
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
            if (schema != SchemaVersion) throw new InvalidDataException($"The artifact of model '{modelId}' has format {schema}; this version reads {SchemaVersion}. Train it again.");
            var detector = Encoding.UTF8.GetString(ReadPart(reader, modelId));
            var calibration = ReadPart(reader, modelId);
            var count = reader.ReadInt32();
            if (count is < 1 or > MaxParts) throw new InvalidDataException($"The artifact of model '{modelId}' has {count} models in it.");
            var blobs = new List<byte[]>();
            while (blobs.Count < count) blobs.Add(ReadPart(reader, modelId));
            return (detector, calibration, blobs);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The artifact of model '{modelId}' cannot be read: {e.Message}", e);
        }
    }

    private static T Calibration<T>(string modelId, byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, JsonSettings) ?? throw new InvalidDataException($"The artifact of model '{modelId}' has no calibration.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The calibration of model '{modelId}' cannot be read: {e.Message}", e);
        }
    }

    private static ITransformer Transformer(MLContext ml, string modelId, int index, byte[] blob)
    {
        try
        {
            var loaded = ml.Model.Load(new MemoryStream(blob), out _);
            // A single transformer is saved as it is or as a chain of one.
            return loaded is IEnumerable<ITransformer> chain ? chain.Last() : loaded;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or InvalidDataException)
        {
            throw new InvalidDataException($"Part {index} of model '{modelId}' cannot be read by ML.NET: {e.Message}", e);
        }
    }

    private static InvalidDataException Unfit(string modelId, int index, string wanted) => new($"Part {index} of model '{modelId}' is not {wanted}.");

    private static readonly JsonSerializerOptions JsonSettings = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static VirtualSensorModel Check(string modelId, VirtualSensorModel model, int blobs)
    {
        if (model.Sensors.Count == 0) throw new InvalidDataException($"Model '{modelId}' has no signals.");
        if (!float.IsFinite(model.Threshold) || !float.IsFinite(model.Rest.Below) || !float.IsFinite(model.Rest.Evidence)) throw new InvalidDataException($"Model '{modelId}' has the threshold {model.Threshold} and rests below {model.Rest.Below} at {model.Rest.Evidence}.");
        if (model.Globals < 1 || model.Heads < 1 || 2 * model.Sensors.Count + model.Globals + model.Heads != blobs)
            throw new InvalidDataException($"Model '{modelId}' has {blobs} parts instead of {2 * model.Sensors.Count} for {model.Sensors.Count} signals, {model.Globals} and {model.Heads} classifiers.");
        foreach (var sensor in model.Sensors)
        {
            if (!(sensor.Scale > 0) || sensor.Reliance.Length != model.Sensors.Count || sensor.Usual.Length != FusionFeatures.PerSignal)
                throw new InvalidDataException($"The calibration of signal {sensor.Signal} in model '{modelId}' is not complete.");
        }
        return model;
    }

    private static PcaModel Check(string modelId, PcaModel model, int blobs)
    {
        var inputs = model.Signals.Length * PcaDetector.InputsPerSignal;
        if (inputs == 0 || blobs != 1 || model.Means.Length != inputs || model.Deviations.Length != inputs || !float.IsFinite(model.Threshold))
            throw new InvalidDataException($"The calibration of model '{modelId}' is not complete.");
        return model;
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
