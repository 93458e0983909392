using System.Diagnostics;
using System.Text.Json;

namespace Kappa.Iot.Demo.Processes;

/// <summary>Runs the training job to its end.</summary>
internal sealed class TrainingRun(Pipeline pipeline, string folder)
{
    private const int Tries = 3;

    /// <summary>Trains a model from a range of the log and promotes it.</summary>
    /// <returns>The model's id.</returns>
    public async Task<string> TrainAndPromoteAsync(string profile, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        // The fleet drives hundreds of vehicle-hours in one: a rate that suits one car would mean an alert every few minutes here.
        var output = await RunAsync(["train", "--profile", profile, "--from", $"{from:O}", "--to", $"{to:O}", "--false-alerts-per-hour", "0.002", "--effort", "quick", "--json"], cancel);
        var last = output.LastOrDefault(line => line.StartsWith('{')) ?? throw new DemoException($"train of {profile} printed no model id. Its log is {LogFile}.");
        using var result = JsonDocument.Parse(last);
        var id = result.RootElement.GetProperty("model_id").GetString()!;
        await RunAsync(["promote", id, "--by", "demo", "--force"], cancel);
        return id;
    }

    private string LogFile => Path.Combine(folder, "logs", "training-job.log");

    /// <summary>Runs the job once, and again where something killed it.</summary>
    private async Task<List<string>> RunAsync(string[] arguments, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (exitCode, output) = await RunOnceAsync(arguments, cancel);
            if (exitCode == 0) return output;
            var killed = exitCode is > 128 or < 0;
            if (!killed || attempt == Tries)
                throw new DemoException($"training-job {string.Join(' ', arguments)} ended with {exitCode}. Its log is {LogFile}.");
        }
    }

    private async Task<(int ExitCode, List<string> Output)> RunOnceAsync(string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(ServiceBinaries.Find("training-job"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["Kafka__BootstrapServers"] = pipeline.Kafka.BootstrapServers;
        start.Environment["KAPPA_STOP_ON_STDIN_CLOSE"] = "true";

        using var process = Process.Start(start) ?? throw new DemoException("training-job could not be started.");
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var lines = new List<string>();
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancel) is { } line) lines.Add(line);
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        await File.AppendAllLinesAsync(LogFile, [$"> {string.Join(' ', arguments)}", .. lines, await errors, $"exit code {process.ExitCode}"], cancel);
        return (process.ExitCode, lines);
    }
}
