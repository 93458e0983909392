using System.CommandLine;

namespace Kappa.Iot.Benchmarks.Fleet;

internal static class FleetCommand
{
    public static Command Create()
    {
        var vehicles = BenchmarkOptions.Whole("--vehicles", "Vehicles that are judged, half of them electric.", 1000);
        var hours = BenchmarkOptions.Number("--hours", "Hours that each of them drives.", 24);
        var trainingVehicles = BenchmarkOptions.Whole("--training-vehicles", "Healthy vehicles of each profile to train on.", 150);
        var trainingHours = BenchmarkOptions.Number("--training-hours", "Hours that each of these drives, from different times of its day on.", 3);
        var falseAlerts = BenchmarkOptions.Number("--false-alerts-per-day", "False alerts that a vehicle may raise in a day of normal driving: the threshold is calibrated for it.", 0.25);
        var quick = new Option<bool>("--quick") { Description = "Train the small model, as the demo does." };
        var command = new Command(
            "fleet", "How many of the simulator's twelve kinds of faults are found in a fleet that is driven faster than real time, how soon, and at how many false alerts.")
        {
            vehicles, hours, trainingVehicles, trainingHours, falseAlerts, quick, BenchmarkOptions.Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(
            () => FleetBenchmark.Run(
                new FleetPlan(
                    parsed.GetValue(vehicles), parsed.GetValue(hours), parsed.GetValue(trainingVehicles), parsed.GetValue(trainingHours), parsed.GetValue(falseAlerts), parsed.GetValue(quick)),
                parsed.GetValue(BenchmarkOptions.Json), cancel),
            cancel));
        return command;
    }
}
