using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;

namespace Kappa.Iot.Detection;

/// <summary>An ONNX network with one input and one output of floats, run one input at a time on the calling thread: the same input gives the same output.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A detector is dropped when the last vehicle is scored by another; the finalizers of ONNX Runtime free what it held.")]
internal sealed class OnnxNetwork
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly string[] _inputNames, _outputNames;
    private readonly long[] _shape;

    /// <param name="modelId">For messages.</param>
    /// <param name="onnx">The file.</param>
    /// <param name="rows">Rows an input.</param>
    /// <param name="signals">Values a row.</param>
    /// <param name="output">What it must give.</param>
    /// <exception cref="InvalidDataException">It is no such network.</exception>
    public OnnxNetwork(string modelId, byte[] onnx, int rows, int signals, OnnxOutput output)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        // Weights in a file beside the model would be looked for in the working directory, here and on every machine that scores: nowhere instead.
        options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")));
        try
        {
            _session = new InferenceSession(onnx, options);
        }
        catch (OnnxRuntimeException e)
        {
            var advice = e.Message.Contains("external", StringComparison.OrdinalIgnoreCase) ? ". Export it with its weights in the ONNX file, not in one beside it." : "";
            throw new InvalidDataException($"The ONNX file of model '{modelId}' cannot be loaded ({onnx.Length} bytes): {FirstLine(e)}{advice}", e);
        }
        var (inputName, input) = Only(modelId, "input", _session.InputMetadata);
        var (outputName, _) = Only(modelId, "output", _session.OutputMetadata);
        (_inputNames, _outputNames) = ([inputName], [outputName]);
        _shape = ShapeOf(modelId, input.Dimensions, rows, signals);
        Inputs = rows * signals;
        Outputs = output == OnnxOutput.Score ? 1 : Inputs;
        // Dimensions may be named only; a run says what they are.
        if (!Array.TrueForAll(Trial(modelId), float.IsFinite)) throw new InvalidDataException($"The ONNX network of model '{modelId}' does not give finite numbers for the mean of every signal.");
    }

    /// <summary>Numbers it takes and gives.</summary>
    public int Inputs { get; }

    public int Outputs { get; }

    /// <summary>Runs it.</summary>
    /// <param name="input">Scaled, row by row.</param>
    /// <param name="output">Takes as many numbers as it gives.</param>
    /// <exception cref="InvalidDataException">It gave another number of them.</exception>
    public void Run(float[] input, Span<float> output)
    {
        using var value = OrtValue.CreateTensorValueFromMemory(input, _shape);
        using var results = _session.Run(_run, _inputNames, [value], _outputNames);
        var given = results[0].GetTensorDataAsSpan<float>();
        if (given.Length != output.Length) throw new InvalidDataException($"it gives {given.Length} numbers, not {output.Length}");
        given.CopyTo(output);
    }

    private float[] Trial(string modelId)
    {
        var output = new float[Outputs];
        try
        {
            Run(new float[Inputs], output);
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidDataException)
        {
            throw new InvalidDataException($"The ONNX network of model '{modelId}' does not do for {Inputs} inputs in the shape {string.Join('x', _shape)}: {FirstLine(e)}.", e);
        }
        return output;
    }

    private static (string Name, NodeMetadata Is) Only(string modelId, string what, IReadOnlyDictionary<string, NodeMetadata> nodes)
    {
        if (nodes.Count != 1) throw new InvalidDataException($"The ONNX network of model '{modelId}' has {nodes.Count} {what}s instead of one: {string.Join(", ", nodes.Keys)}.");
        var (name, node) = nodes.First();
        if (!node.IsTensor || node.ElementType != typeof(float)) throw new InvalidDataException($"The {what} '{name}' of the ONNX network of model '{modelId}' is not of 32-bit floats.");
        return (name, node);
    }

    /// <summary>The shape of one input: [1, rows x signals] or [1, rows, signals].</summary>
    private static long[] ShapeOf(string modelId, int[] dimensions, int rows, int signals)
    {
        long[]? wanted = dimensions.Length switch { 2 => [1, rows * signals], 3 => [1, rows, signals], _ => null };
        // A dimension of -1 takes any size.
        if (wanted is null || dimensions.Where((dimension, i) => dimension >= 0 && dimension != wanted[i]).Any())
        {
            throw new InvalidDataException(
                $"The ONNX network of model '{modelId}' takes an input of shape {string.Join('x', dimensions.Select(dimension => dimension < 0 ? "?" : $"{dimension}"))}; the manifest's {rows} rows of {signals} signals are 1x{rows * signals} or 1x{rows}x{signals}.");
        }
        return wanted;
    }

    private static string FirstLine(Exception e) => e.Message.Split('\n')[0].TrimEnd('.', ' ', '\r');
}
