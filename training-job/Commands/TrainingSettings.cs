using System.CommandLine;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>The options of commands that train.</summary>
internal sealed class TrainingSettings
{
    private readonly Option<double> _falseAlerts = Positive<double>("--false-alerts-per-hour", "Alerts an hour and vehicle that normal driving may raise.", "N");
    private readonly Option<string> _effort = new("--effort") { Description = "quick: a small model in seconds; full: the best there is, in minutes.", DefaultValueFactory = _ => Full };
    private readonly Option<int?> _disturbances = new("--disturbances") { Description = "Disturbed spans that the classifiers learn from. Default: as the effort says.", HelpName = "N" };
    private readonly Option<int?> _folds = new("--folds") { Description = "Parts by vehicle: what is said of a vehicle for calibration comes from models that never saw it. Default: as the effort says.", HelpName = "N" };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of everything that is drawn.", HelpName = "N" };

    private const string Quick = "quick", Full = "full";

    public TrainingSettings()
    {
        var defaults = new TrainingOptions();
        _falseAlerts.DefaultValueFactory = _ => defaults.FalseAlertsPerHour;
        _seed.DefaultValueFactory = _ => defaults.Seed;
        _effort.AcceptOnlyFromAmong(Quick, Full);
        AtLeast(_folds, 2);
        AtLeast(_disturbances, 10);
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _falseAlerts, _effort, _disturbances, _folds, _seed }) command.Options.Add(option);
    }

    public TrainingOptions Read(ParseResult parsed)
    {
        var effort = parsed.GetValue(_effort) == Quick ? TrainingOptions.Quick : new TrainingOptions();
        return effort with
        {
            FalseAlertsPerHour = parsed.GetValue(_falseAlerts),
            Disturbances = parsed.GetValue(_disturbances) ?? effort.Disturbances,
            Folds = parsed.GetValue(_folds) ?? effort.Folds,
            Seed = parsed.GetValue(_seed),
        };
    }

    private static void AtLeast(Option<int?> option, int least) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.GetValueOrDefault<int?>() < least) result.AddError($"{option.Name} must be at least {least}.");
    });

    private static Option<T> Positive<T>(string name, string description, string unit) where T : struct, IComparable<T>
    {
        var option = new Option<T>(name) { Description = description, HelpName = unit };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<T>().CompareTo(default) <= 0) result.AddError($"{name} must be above 0.");
        });
        return option;
    }
}
