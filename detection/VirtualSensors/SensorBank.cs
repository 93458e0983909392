namespace Kappa.Iot.Detection;

/// <summary>A virtual sensor a signal: predicts it from the means of all the others, and how far off it is likely to be. Immutable.</summary>
/// <param name="sensors">One a signal.</param>
/// <param name="trees">Predict the signals.</param>
/// <param name="errors">Predict the logarithm of the error, in units of the usual one.</param>
internal sealed class SensorBank(IReadOnlyList<VirtualSensor> sensors, CompiledTrees[] trees, CompiledTrees[] errors)
{
    /// <summary>Means of a signal that the trees see: of the step, and of the window's spans.</summary>
    public const int InputsPerSignal = 4;

    /// <summary>Residuals are cut off at this many times the usual error.</summary>
    public const float MaxResidual = 60;

    private const float LeastFactor = 0.4f, MostFactor = 10;

    /// <summary>A prediction counts where the vehicle has the signals that this much of it relies on.</summary>
    private const float RelianceNeeded = 0.9f;

    /// <summary>Steps after which the start of a drive says nothing more.</summary>
    private const int MaxAge = 60;

    private readonly VirtualSensor[] _sensors = [.. sensors];

    public int Signals => trees.Length;

    /// <summary>Whether several vehicles can be observed at once.</summary>
    public bool TakesMany { get; } = trees.Concat(errors).All(one => one.TakesMany);

    public IReadOnlyList<VirtualSensor> Sensors => _sensors;

    /// <summary>Inputs of a bank of so many signals.</summary>
    public static int Width(int signals) => signals * InputsPerSignal + 1;

    /// <summary>Reads what the trees see; a signal that the window knows nothing of is NaN throughout.</summary>
    public static void ReadInputs(VehicleWindow window, Span<float> inputs)
    {
        var signals = window.Shape.Signals.Count;
        for (var s = 0; s < signals; s++)
        {
            var into = inputs.Slice(s * InputsPerSignal, InputsPerSignal);
            if (!window.Inputs.Has(s))
            {
                into.Fill(float.NaN);
                continue;
            }
            var means = window.Inputs.Of(s);
            var now = window.Mean(s);
            into[0] = float.IsNaN(now) ? means[0] : now;
            means.CopyTo(into[1..]);
        }
        inputs[signals * InputsPerSignal] = Math.Min(window.Age, MaxAge);
    }

    /// <summary>Evaluates every sensor for the step that was just completed.</summary>
    /// <param name="window">The vehicle.</param>
    /// <param name="inputs">Room for <see cref="Width"/> values.</param>
    /// <param name="expected">Room for the predictions, NaN where the vehicle lacks what the prediction relies on.</param>
    public void Predict(VehicleWindow window, Span<float> inputs, Span<float> expected)
    {
        Span<bool> known = stackalloc bool[trees.Length];
        Prepare(window, inputs, known);
        for (var s = 0; s < trees.Length; s++) expected[s] = known[s] ? trees[s].Evaluate(inputs) : float.NaN;
    }

    /// <summary>Predicts, and leaves in the window how far off the predictions were.</summary>
    public void Observe(VehicleWindow window, Span<float> inputs, Span<float> expected)
    {
        Predict(window, inputs, expected);
        for (var s = 0; s < trees.Length; s++) Push(window, s, expected[s], float.IsNaN(expected[s]) ? 0 : Error(s, inputs));
    }

    /// <summary>Does for several vehicles at once what <see cref="Observe"/> does for one. Only where <see cref="TakesMany"/>.</summary>
    /// <param name="windows">At most <see cref="SideBySide.Rows"/>.</param>
    /// <param name="expected">Room for a prediction a vehicle and signal.</param>
    public void ObserveMany(ReadOnlySpan<VehicleWindow> windows, Span<float> expected)
    {
        var signals = trees.Length;
        Span<float> inputs = stackalloc float[Width(signals)], values = stackalloc float[SideBySide.Rows], logarithms = stackalloc float[SideBySide.Rows];
        Span<bool> known = stackalloc bool[windows.Length * signals];
        var rows = new SideBySide(stackalloc float[SideBySide.Room(inputs.Length)], inputs.Length);
        for (var v = 0; v < windows.Length; v++)
        {
            Prepare(windows[v], inputs, known.Slice(v * signals, signals));
            rows.Set(v, inputs);
        }
        for (var s = 0; s < signals; s++)
        {
            trees[s].Evaluate(rows, values);
            errors[s].Evaluate(rows, logarithms);
            for (var v = 0; v < windows.Length; v++)
            {
                var at = v * signals + s;
                expected[at] = known[at] ? values[v] : float.NaN;
                Push(windows[v], s, expected[at], logarithms[v]);
            }
        }
    }

    /// <summary>The logarithm of the error to be expected, in units of the usual one.</summary>
    public float Error(int signal, ReadOnlySpan<float> inputs) => errors[signal].Evaluate(inputs);

    /// <summary>By how much the usual error is larger or smaller where the vehicle is now.</summary>
    public static float Factor(float logarithm) => Math.Clamp(MathF.Exp(logarithm), LeastFactor, MostFactor);

    /// <summary>Reads what the trees see, with what is typical in place of what is missing; which sensors can predict then.</summary>
    private void Prepare(VehicleWindow window, Span<float> inputs, Span<bool> known)
    {
        ReadInputs(window, inputs);
        Span<bool> present = stackalloc bool[known.Length];
        var whole = true;
        for (var s = 0; s < present.Length; s++)
        {
            var own = inputs.Slice(s * InputsPerSignal, InputsPerSignal);
            present[s] = !float.IsNaN(own[0]);
            if (present[s]) continue;
            whole = false;
            own.Fill(_sensors[s].Typical);
        }
        for (var s = 0; s < known.Length; s++)
            known[s] = present[s] && !float.IsNaN(window.Mean(s)) && (whole || Relied(_sensors[s].Reliance, present) >= RelianceNeeded);
    }

    private void Push(VehicleWindow window, int signal, float expected, float logarithm)
    {
        var residual = float.IsNaN(expected) ? float.NaN : (window.Mean(signal) - expected) / (_sensors[signal].Scale * Factor(logarithm));
        window.PushResidual(signal, Math.Clamp(residual, -MaxResidual, MaxResidual));
    }

    private static float Relied(float[] reliance, ReadOnlySpan<bool> present)
    {
        var lost = 0f;
        for (var s = 0; s < reliance.Length; s++)
        {
            if (!present[s]) lost += reliance[s];
        }
        return 1 - lost;
    }
}
