using System.Diagnostics;
using System.Text;

namespace Kappa.Iot.Embedded.Conformance.Clients;

/// <summary>A program of somebody else's, run to its end.</summary>
internal sealed record Tool(string Path, IReadOnlyDictionary<string, string>? Environment = null)
{
    /// <summary>A Java program may take seconds to say anything on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>A program on the path; skips the test where it is not installed.</summary>
    public static Tool OnPath(string name)
    {
        var found = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
            .Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, $"{name} is not installed.");
        return new Tool(found!);
    }

    /// <summary>A program in the folder that <c>PEERS</c> names; skips the test where it is not there.</summary>
    public static Tool OfPeers(string folder, string name)
    {
        var peers = System.Environment.GetEnvironmentVariable("PEERS");
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(peers is { Length: > 0 } ? peers : ".", folder, name));
        Assert.SkipWhen(string.IsNullOrEmpty(peers) || !File.Exists(path), $"{name} is not there: set PEERS to a folder with {folder}/{name}.");
        return new Tool(path, new Dictionary<string, string>
        {
            ["KAFKA_TOOL_HEAP"] = "128m",
            ["KAFKA_TOOL_JVM_OPTS"] = "-XX:TieredStopAtLevel=1",
            ["SCORER_HEAP"] = "384m",
        });
    }

    /// <summary>Runs the program and returns what it said on standard output; it has to succeed.</summary>
    public Task<string> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public async Task<string> RunWithInputAsync(string input, params string[] arguments)
    {
        var (exitCode, output, errors) = await TryAsync(input, arguments);
        Assert.True(exitCode == 0, $"{Path} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}\n{errors}");
        return output;
    }

    /// <summary>Runs the program, whatever it thinks of it.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> TryAsync(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want to hear; what it says matters.
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(KafkaClients.Cancel);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Path} {string.Join(' ', arguments)} did not end in {Patience}:\n{await output}\n{await errors}");
        }

        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Starts the program; the caller ends it.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in Environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
