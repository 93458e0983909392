using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// What a detector remembers of one vehicle: the means of its signals over steps of ten seconds of event time, and how far the model
/// was off in each. An exact fold of the vehicle's samples, about 2 kB; how the samples are cut into batches makes no difference to it.
/// Not safe for several threads at once.
/// </summary>
public sealed class VehicleWindow
{
    /// <summary>Length of a step, in milliseconds of event time.</summary>
    public const int StepMs = 10_000;

    /// <summary>Time without samples (or sample intervals, see <see cref="GapIntervals"/>) after which the window starts anew.</summary>
    public const int GapMs = 300_000;

    /// <summary>A vehicle that samples slowly may miss this many samples before its window starts anew.</summary>
    public const int GapIntervals = 3;

    private const byte Schema = 1;

    private readonly double[] _sums;
    private readonly int[] _counts;
    private readonly float[] _means;
    private bool _started;
    private long _startMs;
    private long _lastMs;
    private long _step;
    private bool _open;
    private int _gap;

    internal VehicleWindow(WindowShape shape)
    {
        Shape = shape;
        _sums = new double[shape.Signals.Count];
        _counts = new int[shape.Signals.Count];
        _means = new float[shape.Signals.Count];
        Inputs = new StepRings(shape.Signals.Count);
        Residuals = new StepRings(shape.Signals.Count);
    }

    public WindowShape Shape { get; }

    /// <summary>Steps with samples since the window started.</summary>
    public int Age { get; private set; }

    /// <summary>Empty steps just before the one that was just completed, or -1 where the window started anew with it.</summary>
    internal int GapBefore { get; private set; }

    internal StepRings Inputs { get; }

    internal StepRings Residuals { get; }

    /// <summary>What was said of the vehicle last.</summary>
    internal Verdict Verdict { get; } = new();

    /// <summary>
    /// Takes samples from the batch until a step is complete. After each completed step the detector pushes its residuals, then goes on.
    /// </summary>
    /// <param name="batch">A batch, the same in every call of a loop.</param>
    /// <param name="position">Samples of it that were taken; 0 at first.</param>
    /// <returns>False when the batch is used up.</returns>
    internal bool Advance(TelemetryBatch batch, ref int position)
    {
        var samples = batch.SampleCount();
        var interval = batch.IntervalMs();
        var columns = batch.Columns;
        while (position < samples)
        {
            var time = batch.StartTimeMs + position * interval;
            if (_started && Distance(time, _lastMs) > (ulong)Math.Max(GapMs, GapIntervals * interval)) Restart();
            if (!_started) Start(time, interval);
            else if (time <= _lastMs) { position++; continue; } // its time has been counted already

            var step = StepAt(time, interval);
            if (step > _step)
            {
                if (_open) { Close(); return true; }
                Skip(step);
            }

            for (var c = 0; c < columns.Count; c++)
            {
                var column = columns[c];
                var signal = Shape.IndexOf(column.Signal);
                if (signal < 0 || position >= column.Values.Count) continue;
                var value = column.Values[position];
                if (!float.IsFinite(value)) continue;
                _sums[signal] += value;
                _counts[signal]++;
            }
            _open = true;
            _lastMs = time;
            position++;
            if (StepAt(time + interval, interval) > _step) { Close(); return true; }
        }
        return false;
    }

    /// <summary>The whole state, exactly.</summary>
    public byte[] Save()
    {
        using var stream = new MemoryStream(64 + Shape.Signals.Count * 120);
        using var writer = new BinaryWriter(stream);
        writer.Write(Schema);
        writer.Write((short)Shape.Signals.Count);
        foreach (var signal in Shape.Signals) writer.Write((ushort)signal);
        writer.Write(_started);
        writer.Write(_startMs);
        writer.Write(_lastMs);
        writer.Write(_step);
        writer.Write(_open);
        writer.Write(Age);
        writer.Write(_gap);
        foreach (var sum in _sums) writer.Write(sum);
        foreach (var count in _counts) writer.Write(count);
        Inputs.Save(writer);
        Residuals.Save(writer);
        Verdict.Save(writer);
        writer.Flush();
        return stream.ToArray();
    }

    internal static VehicleWindow Restore(WindowShape shape, ReadOnlySpan<byte> snapshot)
    {
        using var stream = new MemoryStream(snapshot.ToArray());
        using var reader = new BinaryReader(stream);
        try
        {
            var schema = reader.ReadByte();
            if (schema != Schema) throw new InvalidDataException($"The window's snapshot has format {schema}; this version reads {Schema}.");
            var signals = reader.ReadInt16();
            if (signals != shape.Signals.Count) throw new InvalidDataException($"The window's snapshot has {signals} signals, the model {shape.Signals.Count}.");
            foreach (var signal in shape.Signals)
            {
                if (reader.ReadUInt16() != signal) throw new InvalidDataException("The window's snapshot is of a model with other signals.");
            }

            var window = new VehicleWindow(shape)
            {
                _started = reader.ReadBoolean(),
                _startMs = reader.ReadInt64(),
                _lastMs = reader.ReadInt64(),
                _step = reader.ReadInt64(),
                _open = reader.ReadBoolean(),
                Age = reader.ReadInt32(),
                _gap = reader.ReadInt32(),
            };
            for (var i = 0; i < signals; i++) window._sums[i] = reader.ReadDouble();
            for (var i = 0; i < signals; i++) window._counts[i] = reader.ReadInt32();
            window.Inputs.Restore(reader);
            window.Residuals.Restore(reader);
            window.Verdict.Restore(reader);
            if (stream.Position != stream.Length) throw new InvalidDataException($"The window's snapshot has {stream.Length - stream.Position} bytes too many.");
            return window;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The window's snapshot is cut off after {stream.Length} bytes.", e);
        }
    }

    /// <summary>Forgets everything.</summary>
    internal void Restart()
    {
        _started = false;
        _open = false;
        Age = 0;
        _gap = 0;
        Array.Clear(_sums);
        Array.Clear(_counts);
        Inputs.Clear();
        Residuals.Clear();
        Verdict.Clear();
    }

    private void Start(long time, long interval)
    {
        _started = true;
        _startMs = time;
        _step = StepAt(time, interval);
        _gap = -1;
    }

    private static ulong Distance(long a, long b) => a >= b ? (ulong)(a - b) : (ulong)(b - a);

    /// <summary>Half an interval of tolerance, so that a clock that wavers does not move samples between steps.</summary>
    private long StepAt(long time, long interval) => (time - _startMs + interval / 2) / StepMs;

    private void Skip(long step)
    {
        // _step is the next one expected: it and those up to the sample's own are empty.
        var empty = (int)Math.Min(step - _step, StepRings.Reach);
        Inputs.PushEmpty(empty);
        Residuals.PushEmpty(empty);
        if (_gap >= 0) _gap = Math.Min(_gap + empty, StepRings.Reach);
        _step = step;
    }

    private void Close()
    {
        for (var s = 0; s < _means.Length; s++)
        {
            _means[s] = _counts[s] == 0 ? float.NaN : (float)(_sums[s] / _counts[s]);
            _sums[s] = 0;
            _counts[s] = 0;
        }
        Inputs.Push(_means);
        _open = false;
        _step++;
        Age++;
        GapBefore = _gap;
        _gap = 0;
    }
}
