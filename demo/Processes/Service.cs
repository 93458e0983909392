namespace Kappa.Iot.Demo.Processes;

/// <summary>A process of the pipeline.</summary>
/// <param name="Name">Folder of the service in the repository.</param>
/// <param name="Arguments">Its command line.</param>
/// <param name="Ready">Address that answers 200 once it can do its job; null where starting is enough.</param>
internal sealed record Service(string Name, IReadOnlyList<string> Arguments, Uri? Ready = null)
{
    /// <summary>What to do with each line it writes to standard output, besides keeping it in its log file.</summary>
    public Action<string>? OnOutput { get; init; }

    /// <summary>What to tell it again when it was started anew.</summary>
    public Action<ServiceProcess>? OnRestart { get; init; }

    /// <summary>How long it may drain before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(40);
}
