using System.Diagnostics;

namespace Kappa.Iot.Demo.Processes;

/// <summary>Runs a service as a process and starts it again whenever it ends by itself.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromMilliseconds(500);

    /// <summary>A process that ends sooner than this after its start has not come up.</summary>
    private static readonly TimeSpan ComingUp = TimeSpan.FromSeconds(8);

    private const int HopelessStarts = 4;

    private readonly Service _service;
    private readonly StreamWriter _log;
    private readonly Action _changed;
    private readonly Task _watching;
    private readonly TaskCompletionSource _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;
    private volatile string _lastLine = "";
    private Process _process;

    public ServiceProcess(Service service, string logFile, Action changed)
    {
        _service = service;
        LogFile = logFile;
        _changed = changed;
        _log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _process = Start();
        _watching = Task.Run(WatchAsync);
    }

    public string Name => _service.Name;

    public string LogFile { get; }

    public int ProcessId { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>Fails once the process has ended several times in a row as soon as it was started.</summary>
    public Task Hopeless => _hopeless.Task;

    public bool Running => !_watching.IsCompleted;

    /// <summary>Exit code of the last run, once it was stopped.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Writes a line to the service's standard input; a process that is just dying gets it after its restart or not at all.</summary>
    public void Tell(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException) // InvalidOperationException: it is just being replaced
        {
            Write($"demo: could not tell it '{line}': {e.Message}");
        }
    }

    /// <summary>Asks the service to stop, waits for it to drain, and kills it when it takes too long.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        if (!_process.HasExited) CloseInput();
        try
        {
            await _watching.WaitAsync(_service.StopTimeout);
        }
        catch (TimeoutException)
        {
            Write($"demo: still running {_service.StopTimeout.TotalSeconds:0} s after it was asked to stop; killed");
            _process.Kill(entireProcessTree: true);
            await _watching;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private async Task WatchAsync()
    {
        for (var startsInVain = 0; ;)
        {
            var up = Stopwatch.StartNew();
            await _process.WaitForExitAsync();
            ExitCode = _process.ExitCode;
            if (_stopping) return;

            startsInVain = up.Elapsed < ComingUp ? startsInVain + 1 : 0;
            if (startsInVain == HopelessStarts)
                _hopeless.TrySetException(new DemoException($"{Name} ends again and again as soon as it is started. It said: {_lastLine}\nIts log is {LogFile}."));
            Write($"demo: process {_process.Id} ended with {_process.ExitCode}; starting it again");
            await Task.Delay(RestartPause * (1 << Math.Min(startsInVain, 4)));
            if (_stopping) return;
            using (_process) _process = Start();
            Restarts++;
            _changed();
            _service.OnRestart?.Invoke(this);
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(ServiceBinaries.Find(_service.Name));
        foreach (var argument in _service.Arguments) start.ArgumentList.Add(argument);
        start.Environment["KAPPA_STOP_ON_STDIN_CLOSE"] = "true";
        start.Environment["DOTNET_gcServer"] = "0";

        var process = Process.Start(start) ?? throw new DemoException($"{_service.Name} could not be started.");
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is null) return;
            Write(e.Data);
            _service.OnOutput?.Invoke(e.Data);
        };
        process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is null) return;
            _lastLine = e.Data;
            Write(e.Data);
        };
        ProcessId = process.Id;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException e)
        {
            Write($"demo: its standard input was closed already: {e.Message}");
        }
    }

    private void Write(string line)
    {
        lock (_log) _log.WriteLine(line);
    }
}
