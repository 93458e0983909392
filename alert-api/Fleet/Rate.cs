namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>How many a second, over the last ten seconds.</summary>
public sealed class Rate(TimeProvider time)
{
    private const int Seconds = 10;

    private readonly Lock _gate = new();
    private readonly long[] _counts = new long[Seconds + 1];
    private readonly long _start = time.GetTimestamp();
    private long _second;

    public void Add(long count)
    {
        lock (_gate)
        {
            Advance();
            _counts[_second % _counts.Length] += count;
        }
    }

    /// <summary>Mean over the last ten full seconds, or over those that have passed since the start.</summary>
    public double PerSecond
    {
        get
        {
            lock (_gate)
            {
                Advance();
                var full = Math.Min(_second, Seconds);
                return full == 0 ? 0 : (_counts.Sum() - _counts[_second % _counts.Length]) / (double)full;
            }
        }
    }

    private void Advance()
    {
        var now = (long)time.GetElapsedTime(_start).TotalSeconds;
        if (now - _second > _counts.Length) Array.Clear(_counts);
        else for (var second = _second + 1; second <= now; second++) _counts[second % _counts.Length] = 0;
        _second = now;
    }
}
