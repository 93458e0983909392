using System.CommandLine;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>The options of commands that train.</summary>
internal sealed class TrainingSettings
{
    private readonly Option<double> _falseAlerts = Positive<double>("--false-alerts-per-hour", "Alerts an hour and vehicle that normal driving may raise.", "N");
    private readonly Option<int> _trees = Positive<int>("--trees", "Trees a sensor.", "N");
    private readonly Option<int> _rows = Positive<int>("--rows", "Rows that a sensor is trained on at most.", "N");
    private readonly Option<int> _folds = Positive<int>("--folds", "Parts by vehicle: a vehicle's residuals come from sensors that never saw it.", "N");
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of everything that is drawn.", HelpName = "N" };

    public TrainingSettings(TrainingOptions defaults)
    {
        _falseAlerts.DefaultValueFactory = _ => defaults.FalseAlertsPerHour;
        _trees.DefaultValueFactory = _ => defaults.Trees;
        _rows.DefaultValueFactory = _ => defaults.MaxRows;
        _folds.DefaultValueFactory = _ => defaults.Folds;
        _seed.DefaultValueFactory = _ => defaults.Seed;
        _folds.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() >= 2) return;
            result.AddError("--folds must be at least 2.");
        });
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _falseAlerts, _trees, _rows, _folds, _seed }) command.Options.Add(option);
    }

    public TrainingOptions Read(ParseResult parsed) => new()
    {
        FalseAlertsPerHour = parsed.GetValue(_falseAlerts),
        Trees = parsed.GetValue(_trees),
        MaxRows = parsed.GetValue(_rows),
        Folds = parsed.GetValue(_folds),
        Seed = parsed.GetValue(_seed),
    };

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
