using System.CommandLine;
using Kappa.Iot.Benchmarks.Detection;
using Kappa.Iot.Benchmarks.Log;

var records = new Option<int>("--records") { Description = "Records of a run.", DefaultValueFactory = _ => 200_000 };
var json = new Option<bool>("--json") { Description = "Print one JSON object as the last line." };
var log = new Command("log", "embedded-kafka beside Apache Kafka (kafka/start-kafka under $PEERS, default ../shared/peers): produce and consume, one after the other.") { records, json };
log.SetAction((parsed, cancel) => LogBenchmark.RunAsync(parsed.GetValue(records), parsed.GetValue(json), cancel));

var seconds = new Option<double>("--seconds") { Description = "How long each side is measured.", DefaultValueFactory = _ => 5 };
var detection = new Command("detection", "Scoring a batch of 10 samples x 24 signals, features and models, beside ML.NET's PredictionEngine and Transform on the same models.") { seconds, json };
detection.SetAction(parsed => DetectionBenchmark.Run(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(json)));

var command = new RootCommand("Measures ours beside its peers: the same work, in turn, in one run. Ratios count; absolute figures depend on the machine.") { log, detection }.Parse(args);
var exitCode = await command.InvokeAsync();
return command.Errors.Count > 0 ? 2 : exitCode;
