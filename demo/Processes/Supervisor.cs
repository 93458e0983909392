namespace Kappa.Iot.Demo.Processes;

/// <summary>Starts the processes of the pipeline, knows when they are ready, and stops them in the order it is told.</summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(90);

    private readonly List<ServiceProcess> _processes = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly string _folder;

    public Supervisor(string folder)
    {
        _folder = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        ProcessFile = Path.Combine(folder, "processes.json");
    }

    /// <summary>Who runs under which process id: one JSON object, name to id, kept up to date.</summary>
    public string ProcessFile { get; }

    public IReadOnlyList<ServiceProcess> Processes => _processes;

    public ServiceProcess Start(Service service)
    {
        var process = new ServiceProcess(service, Path.Combine(_folder, service.Name + ".log"), WriteProcessFile);
        _processes.Add(process);
        WriteProcessFile();
        return process;
    }

    /// <summary>Waits until a service answers that it is ready.</summary>
    /// <exception cref="DemoException">It does not in time.</exception>
    public async Task WaitReadyAsync(ServiceProcess process, Uri ready, CancellationToken cancel)
    {
        var until = DateTime.UtcNow + ReadyTimeout;
        var answer = "no answer";
        while (DateTime.UtcNow < until)
        {
            try
            {
                using var response = await _http.GetAsync(ready, cancel);
                if (response.IsSuccessStatusCode) return;
                answer = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancel)}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                answer = e.Message;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
        }

        throw new DemoException($"{process.Name} is not ready after {ReadyTimeout.TotalSeconds:0} s ({ready}: {answer}). Its log is {process.LogFile}.");
    }

    /// <summary>Ends with a piece of work, or as soon as a process turns out to be beyond help.</summary>
    /// <exception cref="DemoException">One is; with what it said last.</exception>
    public async Task GuardAsync(Task work)
    {
        var ended = await Task.WhenAny([work, .. _processes.Select(process => process.Hopeless)]);
        await ended;
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _processes.Count - 1; i >= 0; i--) await _processes[i].DisposeAsync();
        _http.Dispose();
    }

    private void WriteProcessFile()
    {
        lock (_http) StateFile.Write(ProcessFile, _processes.ToDictionary(p => p.Name, p => p.ProcessId));
    }
}
