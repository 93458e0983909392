using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Terminal;
using Kappa.Iot.TrainingJob.Evaluation;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class EvaluationTests
{
    [Fact]
    public void Measure_KnownOrder_GivesKnownAreas()
    {
        // Two odd above, one between, by hand: 5 of 6 pairs in order; precisions 1, 1, 3/4.
        var (auc, precision) = RankingMetrics.Measure([(0.9f, true), (0.8f, true), (0.6f, false), (0.5f, true), (0.1f, false)]);
        Assert.Equal(5 / 6.0, auc, 1e-9);
        Assert.Equal((1 + 1 + 0.75) / 3, precision, 1e-9);
    }

    [Fact]
    public void Measure_AllScoresEqual_SeparatesNothing()
    {
        var (auc, precision) = RankingMetrics.Measure(Enumerable.Range(0, 100).Select(i => (0.3f, i < 25)));
        Assert.Equal(0.5, auc, 1e-9);
        Assert.Equal(0.25, precision, 1e-9);
        Assert.True(double.IsNaN(RankingMetrics.Measure([(1f, true)]).Auc));
    }

    [Fact]
    public void A_fault_counts_as_found_by_an_alert_raised_during_it_and_other_alerts_as_false()
    {
        var profile = "test";
        var options = TrainingOptions.Quick;
        var set = new TrainingSet(profile, options);
        foreach (var batch in Fleet.Drive(profile, 12, 120)) set.Add(batch);
        var detector = ModelArtifact.Load("m", VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken).Artifact);

        var way = Fleet.Drive(profile, 1, 120).ToList();
        foreach (var batch in way.Skip(60).Take(30))
        {
            for (var i = 0; i < 10; i++) batch.Columns[2].Values[i] += 15;
        }
        var trips = ScoredTrip.Play(detector, way);
        var trip = Assert.Single(trips);
        Assert.Equal(1200, trip.Samples.Count);

        var right = EvaluationResult.Measure(trips, [new Fault(trip.Vehicle, "hot", 600, 900)]);
        Assert.Equal((1, 1.0, 0), (right.Found, right.Recall, right.FalseAlerts));
        Assert.InRange(right.MedianDelaySeconds!.Value, 0, 60);
        Assert.InRange(right.Auc, 0.9, 1);

        var wrong = EvaluationResult.Measure(trips, [new Fault(trip.Vehicle, "hot", 100, 200)]);
        Assert.Equal((0, 0.0), (wrong.Found, wrong.Recall));
        Assert.Null(wrong.MedianDelaySeconds);
        Assert.True(wrong.FalseAlerts >= 1);
        Assert.True(wrong.FalseAlertsPerHour > 1);

        Assert.Throws<CommandException>(() => EvaluationResult.Measure(trips, [new Fault("nowhere", "hot", 1, 2)]));
    }

    [Fact]
    public async Task Evaluate_writes_scores_alerts_and_one_line_of_figures()
    {
        var folder = Directory.CreateTempSubdirectory("evaluate-");
        try
        {
            var train = folder.CreateSubdirectory("train").FullName;
            var test = folder.CreateSubdirectory("test").FullName;
            for (var v = 0; v < 8; v++) WriteTrace(train, $"normal{v}", v, faultFrom: int.MaxValue);
            WriteTrace(test, "broken", 100, faultFrom: 600);
            await File.WriteAllTextAsync(Path.Combine(test, "labels.csv"), "trip,fault,from_second,to_second,seconds\nbroken,hot,600,1200,1200\n", TestContext.Current.CancellationToken);
            string scores = Path.Combine(folder.FullName, "scores.csv"), alerts = Path.Combine(folder.FullName, "alerts.csv");

            var run = await Run.Of("evaluate", "--train", train, "--test", test, "--labels", Path.Combine(test, "labels.csv"), "--scores", scores, "--alerts", alerts, "--effort", "quick");
            Assert.True(run.ExitCode == 0, run.People);
            var figures = System.Text.Json.JsonDocument.Parse(run.LastLine).RootElement;
            Assert.Equal(1, figures.GetProperty("recall").GetDouble());
            Assert.True(figures.GetProperty("auc").GetDouble() > 0.9);
            Assert.True(figures.TryGetProperty("average_precision", out _) && figures.TryGetProperty("false_alerts_per_hour", out _) && figures.TryGetProperty("median_delay_s", out _));
            var lines = await File.ReadAllLinesAsync(scores, TestContext.Current.CancellationToken);
            Assert.Equal("time,vehicle,score", lines[0]);
            Assert.Equal(1201, lines.Length);
            Assert.Contains(await File.ReadAllLinesAsync(alerts, TestContext.Current.CancellationToken), line => line.Contains(",broken,cooling,", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Evaluate_FolderThatIsNotThere_IsAnError()
    {
        var run = await Run.Of("evaluate", "--train", "no-such-folder", "--test", ".");
        Assert.Equal(1, run.ExitCode);
        Assert.NotEmpty(run.People);
    }

    private static void WriteTrace(string folder, string name, int seed, int faultFrom)
    {
        var random = new Random(seed);
        using var writer = new StreamWriter(Path.Combine(folder, name + ".csv"));
        writer.WriteLine("time,vehicle,Vehicle.OBD.Speed,Vehicle.OBD.EngineLoad,Vehicle.OBD.CoolantTemperature,fault");
        for (var second = 0; second < 1200; second++)
        {
            var speed = 60 + 30 * Math.Sin(second / 60.0 + seed) + random.NextDouble();
            var coolant = 80 + speed * 0.1 + random.NextDouble() + (second >= faultFrom ? 15 : 0);
            writer.WriteLine(FormattableString.Invariant($"{Fleet.Start.AddSeconds(second).ToUnixTimeMilliseconds()},{name},{speed:0.00},{speed * 0.6 + random.NextDouble():0.00},{coolant:0.0},{(second >= faultFrom ? "hot" : "")}"));
        }
    }
}
