namespace Kappa.Iot.Contracts;

/// <summary>Collects one vehicle's samples into batches of even spacing.</summary>
internal sealed class TraceVehicle(string vin, string profile, IReadOnlyList<TraceHeader.Column> columns, TraceOptions options)
{
    private TelemetryBatch? _open;
    private ulong _bootId, _sequence;
    private long _intervalMs, _lastMs, _lastStepMs;
    private int _samples;

    /// <summary>Takes a sample.</summary>
    /// <returns>The batch that this sample closed (it is not part of it) or filled, or null.</returns>
    public TelemetryBatch? Add(long timeMs, ReadOnlySpan<float> values)
    {
        TelemetryBatch? closed = null;
        var step = timeMs - _lastMs;
        if (_open is not null && !Continues(timeMs, step)) closed = Close();
        if (_open is null) Begin(timeMs);
        for (var i = 0; i < values.Length; i++) _open!.Columns[i].Values.Add(values[i]);
        _samples++;
        (_lastStepMs, _lastMs) = (step, timeMs);
        // When this sample closed a batch, its own has one sample and cannot be full, unless batches are single samples.
        if (_samples < options.SamplesPerBatch || closed is not null) return closed;
        return Close();
    }

    /// <summary>The batch that is still open at the end of the trace, or null.</summary>
    public TelemetryBatch? Close()
    {
        var batch = _open;
        _open = null;
        if (batch is null) return null;
        batch.SampleIntervalMs = (uint)(_intervalMs > 0 ? _intervalMs : (long)options.LoneSampleInterval.TotalMilliseconds);
        return batch;
    }

    /// <summary>Whether a sample comes when the open batch's next one is due. The first step of a trace says what that means.</summary>
    private bool Continues(long timeMs, long step)
    {
        if (_samples >= options.SamplesPerBatch || step <= 0 || step > uint.MaxValue) return false;
        // Not known yet, or the vehicle has changed its pace: twice the same step, or a much shorter one.
        if (_intervalMs == 0 || (_samples == 1 && (step == _lastStepMs || step < _intervalMs / 2)))
        {
            _intervalMs = step;
            return true;
        }

        var off = Math.Abs(timeMs - (_open!.StartTimeMs + (_samples * _intervalMs)));
        return off * 20 <= _intervalMs;
    }

    private void Begin(long timeMs)
    {
        if (_sequence == 0) _bootId = (ulong)Math.Max(1, timeMs);
        _open = new TelemetryBatch { Vin = vin, Profile = profile, BootId = _bootId, Sequence = ++_sequence, StartTimeMs = timeMs };
        foreach (var column in columns) _open.Columns.Add(new SignalColumn { Signal = column.Signal.Id });
        _samples = 0;
    }
}
