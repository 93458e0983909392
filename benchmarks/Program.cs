using System.CommandLine;
using Kappa.Iot.Benchmarks.Detection;
using Kappa.Iot.Benchmarks.Fleet;
using Kappa.Iot.Benchmarks.Log;
using Kappa.Iot.Benchmarks.Replay;
using Kappa.Iot.Benchmarks.Scorer;

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

var judged = Number("--vehicles", "Vehicles that are judged, half of them electric.", 1000);
var hours = Number("--hours", "Hours that each of them drives.", 24);
var trainingVehicles = Number("--training-vehicles", "Healthy vehicles of each profile to train on.", 100);
var trainingHours = Number("--training-hours", "Hours that each of these drives.", 4);
var falseAlerts = Number("--false-alerts-per-day", "False alerts that a vehicle may raise in a day of normal driving: the threshold is calibrated for it.", 0.25);
var quick = new Option<bool>("--quick") { Description = "Train the small model, as the demo does." };
var fleet = new Command("fleet", "How many of the simulator's twelve kinds of faults are found in a fleet that is driven faster than real time, how soon, and at how many false alerts.")
{
    judged, hours, trainingVehicles, trainingHours, falseAlerts, quick, json,
};
fleet.SetAction((parsed, cancel) => Task.Run(() => FleetBenchmark.Run(
    new FleetPlan((int)parsed.GetValue(judged), parsed.GetValue(hours), (int)parsed.GetValue(trainingVehicles), parsed.GetValue(trainingHours), parsed.GetValue(falseAlerts), parsed.GetValue(quick)),
    parsed.GetValue(json), cancel), cancel));

var vehicles = new Option<int>("--vehicles") { Description = "Vehicles that are scored, each with its state.", DefaultValueFactory = _ => 100_000 };
var batches = new Option<int>("--batches") { Description = $"Batches of 10 samples of each vehicle that are measured, after {ScorerPlan.WarmBatches} that only warm the windows.", DefaultValueFactory = _ => 4 };
var rate = new Option<int>("--rate") { Description = "Batches a second that come while the scorer is restarted; 0 leaves the restart out.", DefaultValueFactory = _ => 10_000 };
var peerRecords = new Option<int>("--peer-records") { Description = "Samples that Kafka Streams scores; 0 leaves it out.", DefaultValueFactory = _ => 1_000_000 };
var onKafka = new Option<bool>("--on-apache-kafka") { Description = "Both work on Apache Kafka ($PEERS/kafka) instead of embedded-kafka." };
foreach (var option in (Option<int>[])[vehicles, batches])
    option.Validators.Add(r => { if (r.Tokens is [var word] && int.TryParse(word.Value, out var number) && number < 1) r.AddError($"{option.Name} must be at least 1."); });
foreach (var option in (Option<int>[])[rate, peerRecords])
    option.Validators.Add(r => { if (r.Tokens is [var word] && int.TryParse(word.Value, out var number) && number < 0) r.AddError($"{option.Name} must be 0 or more."); });
var scorer = new Command("scorer", "The scoring service with the full detector, exactly once on a log of 24 partitions, beside a Kafka Streams scorer (exactly_once_v2, RocksDB; a moving average and a small autoencoder) on the same log.")
    { vehicles, batches, rate, peerRecords, onKafka, json };
scorer.SetAction((parsed, cancel) =>
{
    var server = parsed.GetValue(onKafka) ? ServerKind.Peers().FirstOrDefault(peer => peer.Name == "apache-kafka") : ServerKind.Ours;
    if (server is not null) return ScorerBenchmark.RunAsync(new ScorerPlan(parsed.GetValue(vehicles), parsed.GetValue(batches), parsed.GetValue(rate), parsed.GetValue(peerRecords)), server, parsed.GetValue(json), cancel);
    Console.Error.WriteLine("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka in it.");
    return Task.FromResult(1);
});

var past = new Option<int>("--vehicles") { Description = "Vehicles whose past is scored.", DefaultValueFactory = _ => 10_000 };
var minutes = new Option<int>("--minutes") { Description = "How long that past is.", DefaultValueFactory = _ => 60 };
foreach (var option in (Option<int>[])[past, minutes])
    option.Validators.Add(r => { if (r.Tokens is [var word] && int.TryParse(word.Value, out var number) && number < 1) r.AddError($"{option.Name} must be at least 1."); });
var replay = new Command("replay", "Scoring the past again: reprocess with the full detector, from embedded-kafka into a generation, exactly once.") { past, minutes, json };
replay.SetAction((parsed, cancel) => ReplayBenchmark.RunAsync(parsed.GetValue(past), parsed.GetValue(minutes), parsed.GetValue(json), cancel));

var command = new RootCommand("Measures ours beside its peers: the same work, in turn, in one run. Ratios count; absolute figures depend on the machine.") { log, detection, fleet, scorer, replay }.Parse(args);
var exitCode = await command.InvokeAsync();
return command.Errors.Count > 0 ? 2 : exitCode;

static Option<double> Number(string name, string description, double usual)
{
    var option = new Option<double>(name) { Description = description, DefaultValueFactory = _ => usual };
    option.Validators.Add(r => { if (r.Tokens is [var word] && double.TryParse(word.Value, out var number) && number <= 0) r.AddError($"{name} must be above 0."); });
    return option;
}
