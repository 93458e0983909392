namespace Kappa.Iot.TrainingJob.Terminal;

/// <summary>Progress that is told at once, on the thread it happens on.</summary>
internal sealed class Callback<T>(Action<T> tell) : IProgress<T>
{
    public void Report(T value) => tell(value);
}
