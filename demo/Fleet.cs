using Kappa.Iot.Demo.Processes;

namespace Kappa.Iot.Demo;

/// <summary>The simulator's process: what it reports, what it is told.</summary>
internal sealed class Fleet
{
    private readonly ServiceProcess _process;
    private readonly TaskCompletionSource _live = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile FleetReport _report = new();
    private volatile bool _faultsOn;

    public Fleet(Supervisor supervisor, Service simulator)
    {
        _process = supervisor.Start(simulator with
        {
            OnOutput = Take,
            OnRestart = process =>
            {
                if (_faultsOn) process.Tell("faults on");
            },
            StopTimeout = TimeSpan.FromSeconds(60),
        });
    }

    /// <summary>The newest report.</summary>
    public FleetReport Report => _report;

    /// <summary>Done once the past is made and the fleet drives at wall-clock time.</summary>
    public Task WaitUntilLiveAsync(CancellationToken cancel) => _live.Task.WaitAsync(cancel);

    public void SwitchFaultsOn()
    {
        _faultsOn = true;
        _process.Tell("faults on");
    }

    /// <summary>Stops driving; what was published is acknowledged before the fleet disconnects.</summary>
    /// <exception cref="DemoException">It ended without its last report.</exception>
    public async Task StopAsync()
    {
        await _process.StopAsync();
        // The last lines of a process may arrive after its end was seen.
        for (var wait = 0; wait < 50 && !_report.Final; wait++) await Task.Delay(TimeSpan.FromMilliseconds(100));
        if (!_report.Final) throw new DemoException($"The simulator ended with {_process.ExitCode} and without a summary. Its log is {_process.LogFile}.");
    }

    private void Take(string line)
    {
        if (FleetReport.Parse(line) is not { } report) return;
        _report = report;
        if (report.Phase == "live") _live.TrySetResult();
    }
}
