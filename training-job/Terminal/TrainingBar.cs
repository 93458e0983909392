using System.Collections.Concurrent;
using Kappa.Iot.Detection.Training;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Terminal;

/// <summary>A progress bar a stage of training.</summary>
internal static class TrainingBar
{
    public static IProgress<TrainingProgress> In(ProgressContext context)
    {
        var bars = new ConcurrentDictionary<string, ProgressTask>();
        return new Callback<TrainingProgress>(progress =>
        {
            var bar = bars.GetOrAdd(progress.Stage, stage => context.AddTask(stage));
            bar.MaxValue = progress.Total;
            bar.Value = Math.Max(bar.Value, progress.Done);
        });
    }
}
