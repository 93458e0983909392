using System.CommandLine;
using Kappa.Iot.Benchmarks.Detection;
using Kappa.Iot.Benchmarks.Log;

var records = new Option<int>("--records") { Description = "Records of 1 kB that a round produces and consumes; of 100 B five times as many.", DefaultValueFactory = _ => 100_000 };
var rounds = new Option<int>("--rounds") { Description = "Rounds for every server; the median counts.", DefaultValueFactory = _ => 3 };
var json = new Option<bool>("--json") { Description = "Print one JSON object as the last line: ours, peers.NAME, ratio (each FIELD_vs_PEER, ours divided by the peer's)." };
records.Validators.Add(r => { if (r.Tokens is [var word] && int.TryParse(word.Value, out var number) && number < 1_000) r.AddError("--records must be at least 1000."); });
rounds.Validators.Add(r => { if (r.Tokens is [var word] && int.TryParse(word.Value, out var number) && number < 1) r.AddError("--rounds must be at least 1."); });
var log = new Command(
    "log",
    $"""
    embedded-kafka beside Apache Kafka, kfake and tansu, where they are found under $PEERS (default ../shared/peers). Every server runs alone,
    in a process of its own, in turn, and the rounds alternate; the client is the same. The fields:

    {LogFigures.Describe()}
    """) { records, rounds, json };
log.SetAction((parsed, cancel) => LogBenchmark.RunAsync(new LogPlan(parsed.GetValue(records), parsed.GetValue(rounds)), parsed.GetValue(json), cancel));

var seconds = new Option<double>("--seconds") { Description = "How long each side is measured.", DefaultValueFactory = _ => 5 };
var detection = new Command("detection", "Scoring a batch of 10 samples x 24 signals, features and models, beside ML.NET's PredictionEngine and Transform on the same models.") { seconds, json };
detection.SetAction(parsed => DetectionBenchmark.Run(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(json)));

var command = new RootCommand("Measures ours beside its peers: the same work, in turn, in one run. Ratios count; absolute figures depend on the machine.") { log, detection }.Parse(args);
var exitCode = await command.InvokeAsync();
return command.Errors.Count > 0 ? 2 : exitCode;
