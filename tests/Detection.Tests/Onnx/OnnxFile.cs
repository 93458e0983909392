using Google.Protobuf;

namespace Kappa.Iot.Detection.Tests;

/// <summary>Writes small ONNX files: a chain of dense layers, as PyTorch and Keras export them (Gemm, Tanh between), weights drawn from a seed.</summary>
internal static class OnnxFile
{
    private const int Float = 1;

    /// <summary>A network of dense layers.</summary>
    /// <param name="sizes">Inputs, then the outputs of each layer.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="batch">Size of the first dimension; null: any.</param>
    /// <param name="weight">Replaces the drawn weights: layer, input, output.</param>
    /// <param name="beside">Name of a file that has the biases instead, which are 0, as exporters make of large networks.</param>
    public static byte[] Dense(int[] sizes, int seed = 1, long? batch = null, Func<int, int, int, float>? weight = null, string? beside = null)
    {
        var random = new Random(seed);
        var graph = new Part();
        var value = "input";
        for (var layer = 1; layer < sizes.Length; layer++)
        {
            int inputs = sizes[layer - 1], outputs = sizes[layer];
            string dense = layer == sizes.Length - 1 ? "output" : $"dense{layer}";
            graph.Add(1, Node("Gemm", [value, $"w{layer}", $"b{layer}"], dense));
            graph.Add(5, Tensor($"w{layer}", [inputs, outputs], [.. Enumerable.Range(0, inputs * outputs).Select(i => weight?.Invoke(layer, i / outputs, i % outputs) ?? (float)((random.NextDouble() * 2 - 1) / Math.Sqrt(inputs)))]));
            graph.Add(5, beside is not null ? Elsewhere($"b{layer}", outputs, beside) : Tensor($"b{layer}", [outputs], [.. Enumerable.Range(0, outputs).Select(_ => weight is null ? (float)(random.NextDouble() * 0.2 - 0.1) : 0)]));
            value = dense;
            if (layer == sizes.Length - 1) break;
            graph.Add(1, Node("Tanh", [value], $"act{layer}"));
            value = $"act{layer}";
        }
        graph.Add(2, "network");
        graph.Add(11, ValueInfo("input", batch, sizes[0]));
        graph.Add(12, ValueInfo("output", batch, sizes[^1]));
        return new Part().Add(1, 8).Add(7, graph).Add(8, new Part().Add(1, "").Add(2, 13)).Bytes();
    }

    private static Part Node(string type, string[] inputs, string output)
    {
        var node = new Part();
        foreach (var input in inputs) node.Add(1, input);
        return node.Add(2, output).Add(3, $"{type}-{output}").Add(4, type);
    }

    private static Part Tensor(string name, long[] dimensions, float[] values)
    {
        var tensor = new Part();
        foreach (var dimension in dimensions) tensor.Add(1, dimension);
        var raw = new byte[values.Length * sizeof(float)];
        Buffer.BlockCopy(values, 0, raw, 0, raw.Length);
        return tensor.Add(2, Float).Add(8, name).Add(9, raw);
    }

    private static Part Elsewhere(string name, long length, string file) => new Part()
        .Add(1, length).Add(2, Float).Add(8, name)
        .Add(13, new Part().Add(1, "location").Add(2, file)).Add(13, new Part().Add(1, "length").Add(2, $"{length * sizeof(float)}"))
        .Add(14, 1);

    private static Part ValueInfo(string name, long? batch, int width)
    {
        var first = batch is { } size ? new Part().Add(1, size) : new Part().Add(2, "N");
        var shape = new Part().Add(1, first).Add(1, new Part().Add(1, width));
        return new Part().Add(1, name).Add(2, new Part().Add(1, new Part().Add(1, Float).Add(2, shape)));
    }

    /// <summary>A message of Protobuf, field by field (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).</summary>
    private sealed class Part
    {
        private readonly List<byte> _bytes = [];

        public Part Add(int field, long value) => Write(field, WireFormat.WireType.Varint, output => output.WriteInt64(value));

        public Part Add(int field, string value) => Write(field, WireFormat.WireType.LengthDelimited, output => output.WriteString(value));

        public Part Add(int field, Part value) => Add(field, value.Bytes());

        public Part Add(int field, byte[] value) => Write(field, WireFormat.WireType.LengthDelimited, output => output.WriteBytes(ByteString.CopyFrom(value)));

        public byte[] Bytes() => [.. _bytes];

        private Part Write(int field, WireFormat.WireType type, Action<CodedOutputStream> value)
        {
            using var stream = new MemoryStream();
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                output.WriteTag(field, type);
                value(output);
            }
            _bytes.AddRange(stream.ToArray());
            return this;
        }
    }
}
