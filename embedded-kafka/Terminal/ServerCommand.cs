using System.CommandLine;
using System.Runtime.InteropServices;

namespace Kappa.Iot.Embedded.Terminal;

/// <summary>The program: options in, one line when ready, until it is told to stop.</summary>
internal static class ServerCommand
{
    private const string StopOnStdinClose = "KAPPA_STOP_ON_STDIN_CLOSE";

    public static RootCommand Create()
    {
        var port = new Option<int>("--port") { Description = "TCP port; 0 takes a free one", DefaultValueFactory = _ => 9092, HelpName = "PORT" };
        var data = new Option<string>("--data") { Description = "folder with the log; made if it is not there", DefaultValueFactory = _ => "embedded-kafka-data", HelpName = "DIR" };
        var host = new Option<string>("--host") { Description = "address to listen on", DefaultValueFactory = _ => "127.0.0.1", HelpName = "HOST" };
        var advertisedHost = new Option<string?>("--advertised-host") { Description = "host name that clients are told to connect to (containers); default: --host", HelpName = "HOST" };
        var advertisedPort = new Option<int?>("--advertised-port") { Description = "port that clients are told to connect to; default: --port", HelpName = "PORT" };
        var flush = new Option<bool>("--flush") { Description = "force every batch to the disk before it is acknowledged: safe against loss of power too" };
        var autoCreate = new Option<bool>("--auto-create-topics") { Description = "make topics when clients ask for them by name" };
        var config = new Option<FileInfo?>("--config") { Description = "JSON file with these and all other options (users, TLS, limits); what is given here wins", HelpName = "FILE" };
        var command = new RootCommand("A single-node server that speaks the Kafka protocol and keeps its log on disk.")
        {
            port, data, host, advertisedHost, advertisedPort, flush, autoCreate, config,
        };
        command.SetAction((parsed, cancel) =>
        {
            // A default on the command line gives way to the file; a given value does not.
            T Choose<T>(Option<T> option, T? inFile) => parsed.GetResult(option) is { Implicit: false } || inFile is null ? parsed.GetRequiredValue(option) : inFile;
            EmbeddedKafkaOptions options;
            try
            {
                var (file, hasPort) = parsed.GetValue(config) is { } given ? ConfigFile.Load(given.FullName) : (null, false);
                options = (file ?? new EmbeddedKafkaOptions()) with
                {
                    Port = Choose(port, hasPort ? file!.Port : 9092),
                    DataDirectory = Choose(data, file?.DataDirectory),
                    Host = Choose(host, file?.Host),
                    AdvertisedHost = parsed.GetValue(advertisedHost) ?? file?.AdvertisedHost,
                    AdvertisedPort = parsed.GetValue(advertisedPort) ?? file?.AdvertisedPort,
                    Flush = Choose(flush, file?.Flush ?? false),
                    AutoCreateTopics = Choose(autoCreate, file?.AutoCreateTopics ?? false),
                    Logger = new StderrLogger(),
                };
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                return Task.FromResult(WrongUsage([e.Message]));
            }

            return options.Check() is { Count: > 0 } errors ? Task.FromResult(WrongUsage(errors)) : RunAsync(options, cancel);
        });
        return command;
    }

    /// <returns>0 after a clean stop, 1 when the server could not run, 2 for wrong usage.</returns>
    public static Task<int> InvokeServerAsync(this ParseResult parsed)
    {
        if (parsed.Errors.Count == 0)
            return parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

        return Task.FromResult(WrongUsage(parsed.Errors.Select(e => e.Message)));
    }

    private static int WrongUsage(IEnumerable<string> errors)
    {
        foreach (var error in errors)
            Console.Error.WriteLine($"embedded-kafka: {error}");
        Console.Error.WriteLine("embedded-kafka: --help says what there is.");
        return 2;
    }

    private static async Task<int> RunAsync(EmbeddedKafkaOptions options, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        // A child leaves a Ctrl-C at the terminal, which reaches all processes at once, to its parent.
        var isChild = Environment.GetEnvironmentVariable(StopOnStdinClose) == "true";
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, isChild ? signal => signal.Cancel = true : Stop);
        if (isChild)
            _ = StopAtEndOfInputAsync(stop);

        try
        {
            await using var kafka = await EmbeddedKafka.StartAsync(options, stop.Token);
            Console.WriteLine($"embedded-kafka: ready on {options.Host}:{kafka.Port}, data in {kafka.DataDirectory}");
            await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"embedded-kafka: {e.Message}");
            return 1;
        }
    }

    /// <summary>A parent that dies closes this end of the pipe, on every operating system.</summary>
    private static async Task StopAtEndOfInputAsync(CancellationTokenSource stop)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
        {
            // What is typed means nothing here.
        }

        await stop.CancelAsync();
    }
}
