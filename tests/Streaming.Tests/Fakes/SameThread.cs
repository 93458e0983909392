namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>Runs tasks at once, on the thread that starts them or that completes what they wait for.</summary>
internal sealed class SameThread : TaskScheduler
{
    public static void Run(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.None, new SameThread()).GetAwaiter().GetResult();

    protected override void QueueTask(Task task) => TryExecuteTask(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
