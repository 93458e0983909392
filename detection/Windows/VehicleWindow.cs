using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// What a detector remembers of one vehicle: means of its signals over steps of ten seconds of event time and over longer spans, how much
/// they moved, and how far the model was off. An exact fold of the vehicle's samples, 2 to 3 kB; how the samples are cut into batches makes
/// no difference to it. Not safe for several threads at once.
/// </summary>
public sealed class VehicleWindow
{
    /// <summary>Length of a step, in milliseconds of event time.</summary>
    public const int StepMs = 10_000;

    /// <summary>Time without samples (or sample intervals, see <see cref="GapIntervals"/>) after which the window starts anew.</summary>
    public const int GapMs = 300_000;

    /// <summary>A vehicle that samples slowly may miss this many samples before its window starts anew.</summary>
    public const int GapIntervals = 3;

    /// <summary>Spans, in steps, of the means of signals, of their changes, and of residuals.</summary>
    internal static readonly int[] InputSpans = [6, 30, 60], ActivitySpans = [3, 12, 60], ResidualSpans = [1, 2, 6, 20, 60, 180], SquareSpans = [6];

    private const byte Schema = 2;

    private readonly SampleSums _samples;
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
        var signals = shape.Signals.Count;
        _samples = new SampleSums(shape.Resolutions);
        _means = new float[signals];
        Notes = new float[shape.Notes];
        Array.Fill(_means, float.NaN);
        Inputs = new RecentMeans(signals, InputSpans);
        Activity = new RecentMeans(signals, ActivitySpans);
        Residuals = new RecentMeans(signals, ResidualSpans);
        Squares = new RecentMeans(signals, SquareSpans);
    }

    public WindowShape Shape { get; }

    /// <summary>Steps with samples since the window started.</summary>
    public int Age { get; private set; }

    /// <summary>Empty steps just before the one that was just completed, or -1 where the window started anew with it.</summary>
    internal int GapBefore { get; private set; }

    /// <summary>Means of the signals over one minute and more.</summary>
    internal RecentMeans Inputs { get; }

    /// <summary>Mean absolute change from sample to sample.</summary>
    internal RecentMeans Activity { get; }

    /// <summary>How far the model was off, in units of the usual error.</summary>
    internal RecentMeans Residuals { get; }

    internal RecentMeans Squares { get; }

    /// <summary>What the detector keeps here for itself: all 0 where the window starts, and part of its state.</summary>
    internal float[] Notes { get; }

    /// <summary>What was said of the vehicle last.</summary>
    internal Verdict Verdict { get; } = new();

    /// <summary>A signal's mean over the step that was just completed, NaN where it had no sample.</summary>
    internal float Mean(int signal) => _means[signal];

    /// <summary>Seconds since a signal last changed.</summary>
    internal float StillFor(int signal) => _samples.StillFor(signal, _lastMs);

    /// <summary>Takes note of how far the model was off in the step that was just completed.</summary>
    internal void PushResidual(int signal, float residual)
    {
        Residuals.Push(signal, residual);
        Squares.Push(signal, residual * residual);
    }

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
                if (signal >= 0 && position < column.Values.Count) _samples.Add(signal, column.Values[position], time, interval);
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
        using var stream = new MemoryStream(128 + Shape.Signals.Count * 128);
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
        _samples.Save(writer);
        Inputs.Save(writer);
        Activity.Save(writer);
        Residuals.Save(writer);
        Squares.Save(writer);
        Verdict.Save(writer);
        foreach (var note in Notes) writer.Write(note);
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
            window._samples.Restore(reader);
            window.Inputs.Restore(reader);
            window.Activity.Restore(reader);
            window.Residuals.Restore(reader);
            window.Squares.Restore(reader);
            window.Verdict.Restore(reader);
            for (var i = 0; i < window.Notes.Length; i++) window.Notes[i] = reader.ReadSingle();
            if (stream.Position != stream.Length) throw new InvalidDataException($"The window's snapshot has {stream.Length - stream.Position} bytes too many.");
            return window;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The window's snapshot is cut off after {stream.Length} bytes.", e);
        }
    }

    /// <summary>Becomes what another window of the same shape is, but for what was said of the vehicle.</summary>
    internal void CopyFrom(VehicleWindow other)
    {
        _started = other._started;
        _startMs = other._startMs;
        _lastMs = other._lastMs;
        _step = other._step;
        _open = other._open;
        Age = other.Age;
        _gap = other._gap;
        _samples.CopyFrom(other._samples);
        Inputs.CopyFrom(other.Inputs);
        Activity.CopyFrom(other.Activity);
        Residuals.CopyFrom(other.Residuals);
        Squares.CopyFrom(other.Squares);
        other.Notes.CopyTo(Notes, 0);
        Verdict.Clear();
    }

    /// <summary>Becomes what another window of the same shape is, in everything.</summary>
    internal void BecomeCopyOf(VehicleWindow other)
    {
        CopyFrom(other);
        other._means.CopyTo(_means, 0);
        GapBefore = other.GapBefore;
        Verdict.CopyFrom(other.Verdict);
    }

    /// <summary>Forgets everything.</summary>
    internal void Restart()
    {
        _started = false;
        _open = false;
        Age = 0;
        _gap = 0;
        _samples.Clear();
        Inputs.Clear();
        Activity.Clear();
        Residuals.Clear();
        Squares.Clear();
        Array.Clear(Notes);
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
        var empty = (int)Math.Min(step - _step, RecentMeans.Reach);
        for (var s = 0; s < _means.Length; s++)
        {
            Inputs.Skip(s, empty);
            Activity.Skip(s, empty);
            Residuals.Skip(s, empty);
            Squares.Skip(s, empty);
        }
        if (_gap >= 0) _gap = Math.Min(_gap + empty, RecentMeans.Reach);
        _step = step;
    }

    private void Close()
    {
        for (var s = 0; s < _means.Length; s++)
        {
            _samples.Close(s, out _means[s], out var change);
            Inputs.Push(s, _means[s]);
            Activity.Push(s, change);
        }
        _open = false;
        _step++;
        Age++;
        GapBefore = _gap;
        _gap = 0;
    }
}
