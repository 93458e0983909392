namespace Kappa.Iot.Detection.Training;

/// <summary>
/// A change that no working vehicle makes, of no particular fault: one or few signals drift, step, scale, shake, stick, lag, spike or swing
/// from some moment on, as strongly or weakly as chance has it.
/// </summary>
internal sealed class Disturbance
{
    private static readonly double[] CountWeights = [0.65, 0.22, 0.13];
    private static readonly double[] HoldSeconds = [1, 2, 4];

    // In the order of Kind.
    private static readonly double[] KindWeights = [0.24, 0.14, 0.14, 0.14, 0.10, 0.08, 0.07, 0.05, 0.04];

    private readonly Part[] _parts;

    private Disturbance(Part[] parts) => _parts = parts;

    private enum Kind
    {
        Drift,
        Step,
        Gain,
        Noise,
        Stuck,
        Lag,
        Spikes,
        Swing,
        Sluggish,
    }

    /// <summary>Signals that are changed.</summary>
    public IEnumerable<int> Signals => _parts.Select(part => part.Signal);

    /// <summary>Draws one.</summary>
    /// <param name="draws">Chance.</param>
    /// <param name="scales">Usual error of each signal's sensor: what strength is measured by.</param>
    public static Disturbance Draw(Draws draws, IReadOnlyList<float> scales)
    {
        var count = Math.Min(1 + draws.Pick(CountWeights), scales.Count);
        var signals = new List<int>();
        while (signals.Count < count)
        {
            var signal = draws.Below(scales.Count);
            if (!signals.Contains(signal)) signals.Add(signal);
        }
        return new Disturbance([.. signals.Select(signal => new Part(
            signal, (Kind)draws.Pick(KindWeights), scales[signal] * draws.LogBetween(1.5, 20) * draws.Sign(),
            draws.LogBetween(20, 300), HoldSeconds[draws.Below(HoldSeconds.Length)], draws.Next(), draws))]);
    }

    /// <summary>Changes one of <see cref="Signals"/>.</summary>
    /// <param name="signal">Which.</param>
    /// <param name="values">Its samples, some before the onset; NaN where missing.</param>
    /// <param name="from">The onset: first sample that is changed.</param>
    /// <param name="to">First sample after the end.</param>
    /// <param name="secondsPerSample">Time between two samples.</param>
    /// <returns>A changed copy.</returns>
    public float[] Apply(int signal, ReadOnlySpan<float> values, int from, int to, double secondsPerSample) =>
        Array.Find(_parts, part => part.Signal == signal)!.Apply(values, from, to, secondsPerSample);

    private sealed record Part(int Signal, Kind Kind, double Amplitude, double RampSeconds, double HoldSeconds, double Chance, Draws Draws)
    {
        public float[] Apply(ReadOnlySpan<float> values, int from, int to, double secondsPerSample)
        {
            var changed = values.ToArray();
            var mean = Mean(values[from..to]);
            var stuck = values[from];
            var smooth = (double)stuck;
            var hold = Math.Max(1, (int)Math.Round(HoldSeconds / secondsPerSample));
            // A gain of at most 60 %, or as much as changes the mean by the amplitude.
            var gain = Math.Sign(Amplitude) * Math.Min(0.6, Math.Abs(Amplitude) / Math.Max(Math.Abs(mean), 1e-6));
            var lag = Math.Max(1, (int)Math.Round((3 + 21 * Chance) / secondsPerSample));
            var held = 0.0;
            for (var i = from; i < to; i++)
            {
                if (float.IsNaN(values[i])) continue;
                var seconds = (i - from) * secondsPerSample;
                var ramp = Math.Min(1, seconds / RampSeconds);
                if ((i - from) % hold == 0) held = Kind == Kind.Spikes ? (Draws.Next() < 0.1 + 0.4 * Chance ? Draws.Between(0.5, 1.5) : 0) : Draws.Gaussian() / 2;
                smooth += (values[i] - smooth) * Math.Min(1, secondsPerSample / (5 + 40 * Chance));
                changed[i] = (float)(Kind switch
                {
                    Kind.Drift => values[i] + Amplitude * ramp,
                    Kind.Step => values[i] + Amplitude,
                    Kind.Gain => values[i] * (1 + gain * ramp),
                    Kind.Noise or Kind.Spikes => values[i] + Amplitude * held,
                    Kind.Stuck => float.IsNaN(stuck) ? values[i] : stuck,
                    Kind.Lag => float.IsNaN(values[Math.Max(0, i - lag)]) ? values[i] : values[Math.Max(0, i - lag)],
                    Kind.Swing => values[i] + Amplitude * Math.Sin(2 * Math.PI * seconds / (4 + 56 * Chance)),
                    Kind.Sluggish => double.IsNaN(smooth) ? values[i] : smooth,
                    _ => throw new InvalidOperationException($"There is no disturbance {Kind}."),
                });
            }
            return changed;
        }

        private static double Mean(ReadOnlySpan<float> values)
        {
            var sum = 0.0;
            var count = 0;
            foreach (var value in values)
            {
                if (float.IsNaN(value)) continue;
                sum += value;
                count++;
            }
            return count == 0 ? 0 : sum / count;
        }
    }
}
