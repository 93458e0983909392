using System.Runtime.ExceptionServices;

namespace Kappa.Iot.Detection.Training;

/// <summary>Independent pieces of work, several at a time; the result does not depend on how many.</summary>
internal static class InParallel
{
    public static void For(int count, TrainingOptions options, string stage, IProgress<TrainingProgress>? progress, Action<int> work, CancellationToken cancel)
    {
        var done = 0;
        progress?.Report(new(stage, 0, count));
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancel }, i =>
            {
                cancel.ThrowIfCancellationRequested();
                work(i);
                progress?.Report(new(stage, Interlocked.Increment(ref done), count));
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is TrainingException or OperationCanceledException))
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
