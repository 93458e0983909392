using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Benchmarks.Fleet;

/// <summary>How well the detector finds the simulator's faults, after training on healthy simulated vehicles that are not among those it is judged on.</summary>
internal static class FleetBenchmark
{
    /// <summary>Seeds of the vehicles that are trained on start here; of those that are judged, at 1.</summary>
    private const ulong TrainingSeeds = 1_000_000;

    /// <summary>Hours that a vehicle drives at most before its history for training begins.</summary>
    private const int HoursBefore = 12;

    private static readonly string[] Profiles = [VehicleProfiles.Combustion, VehicleProfiles.Electric];
    private static readonly (string Name, double From, double To)[] Severities = [("0.2-0.5", 0.2, 0.5), ("0.5-0.8", 0.5, 0.8), ("0.8-1.0", 0.8, 1.01)];

    public static int Run(FleetPlan plan, bool json, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var detectors = Profiles.ToDictionary(profile => profile, profile => Train(profile, plan, cancel));
        Console.Error.WriteLine($"Trained in {watch.Elapsed.TotalSeconds:0} s. Driving {plan.Vehicles} vehicles for {plan.Hours} h each...");
        watch.Restart();

        var found = new List<JudgedFault>();
        var (falseAlerts, done) = (new List<AlertType>(), 0);
        var gate = new Lock();
        Parallel.For(1, plan.Vehicles + 1, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, vehicle =>
        {
            var profile = Profiles[vehicle % Profiles.Length];
            var (faults, wrong) = FleetDay.Drive(detectors[profile], profile, (ulong)vehicle, TimeSpan.FromHours(plan.Hours));
            lock (gate)
            {
                found.AddRange(faults);
                falseAlerts.AddRange(wrong);
                if (++done % Math.Max(1, plan.Vehicles / 20) == 0)
                    Console.Error.WriteLine($"{done} of {plan.Vehicles} vehicles, about {watch.Elapsed / done * (plan.Vehicles - done):hh\\:mm\\:ss} left");
            }
        });
        Report(plan, found, falseAlerts, watch.Elapsed, json);
        return 0;
    }

    private static IDetector Train(string profile, FleetPlan plan, CancellationToken cancel)
    {
        Console.Error.WriteLine($"Training on {plan.TrainingVehicles} healthy {profile} vehicles of {plan.TrainingHours} h each...");
        var options = (plan.Quick ? TrainingOptions.Quick : new TrainingOptions()) with { FalseAlertsPerHour = plan.FalseAlertsPerDay / 24 };
        var set = new TrainingSet(profile, options);
        for (var vehicle = 0; vehicle < plan.TrainingVehicles; vehicle++)
        {
            var car = FleetDay.Car(profile, TrainingSeeds + (ulong)vehicle);
            // Their history begins at different times of the day: some are about to charge, others have just done so.
            FleetDay.Drive(car, TimeSpan.FromHours(vehicle % HoursBefore));
            for (ulong sequence = 1; sequence <= plan.TrainingHours * 3600 / FleetDay.SamplesPerBatch; sequence++)
                set.Add(FleetDay.Next(car, $"TRAIN{vehicle}", sequence));
        }

        return ModelArtifact.Load(profile, VirtualSensorTrainer.Train(set, options, progress: null, cancel).Artifact);
    }

    private static void Report(FleetPlan plan, List<JudgedFault> faults, List<AlertType> falseAlerts, TimeSpan took, bool json)
    {
        var perDay = falseAlerts.Count / (plan.Vehicles * plan.Hours / 24);
        var batches = plan.Vehicles * plan.Hours * 3600 / FleetDay.SamplesPerBatch;
        Print("fault", faults.GroupBy(f => f.Kind).OrderBy(g => g.Key).Select(g => (FaultNames.Of(g.Key), g.ToList())));
        Print("severity", Severities.Select(s => (s.Name, faults.Where(f => f.Severity >= s.From && f.Severity < s.To).ToList())));
        Print("all", [("", faults)]);
        var types = string.Join(", ", falseAlerts.GroupBy(type => type).OrderByDescending(g => g.Count()).Select(g => $"{g.Key} {g.Count()}"));
        Console.WriteLine($"{falseAlerts.Count} false alerts ({types}), {perDay.ToString("0.000", CultureInfo.InvariantCulture)} a vehicle and day; {batches:0} batches driven and scored in {took.TotalSeconds:0} s");
        if (!json) return;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            ours = new
            {
                vehicles = plan.Vehicles,
                hours = plan.Hours,
                faults = faults.Count,
                recall = Recall(faults),
                median_delay_s = Delay(faults),
                false_alerts_per_vehicle_day = perDay,
                recall_by_kind = faults.GroupBy(f => f.Kind).OrderBy(g => g.Key).ToDictionary(g => FaultNames.Of(g.Key), g => Recall([.. g])),
                recall_by_severity = Severities.ToDictionary(s => s.Name, s => Recall([.. faults.Where(f => f.Severity >= s.From && f.Severity < s.To)])),
            },
        }));
    }

    private static void Print(string title, IEnumerable<(string Name, List<JudgedFault> Faults)> rows)
    {
        Console.WriteLine($"{title,-26}{"faults",8}{"found",8}{"recall",8}{"median delay s",16}");
        foreach (var (name, faults) in rows)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-26}{faults.Count,8}{faults.Count(f => f.DelaySeconds is not null),8}{Recall(faults),8:0.00}{Delay(faults),16:0}"));
    }

    private static double? Recall(List<JudgedFault> faults) => faults.Count == 0 ? null : faults.Count(f => f.DelaySeconds is not null) / (double)faults.Count;

    private static double? Delay(List<JudgedFault> faults)
    {
        var delays = faults.Select(f => f.DelaySeconds).OfType<double>().Order().ToList();
        return delays.Count == 0 ? null : delays[delays.Count / 2];
    }
}
