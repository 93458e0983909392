using System.CommandLine;
using Kappa.Iot.TrainingJob.Drift;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>From where on a change is called drift.</summary>
internal sealed class DriftSettings
{
    private readonly Option<double> _psi = Create("--psi", "Population stability index from which on a signal or the score has drifted.", DriftThresholds.Default.Psi);
    private readonly Option<double> _ks = Create("--ks", "Kolmogorov-Smirnov distance from which on it has.", DriftThresholds.Default.Ks);

    public void AddTo(Command command)
    {
        command.Options.Add(_psi);
        command.Options.Add(_ks);
    }

    public DriftThresholds Read(ParseResult parsed) => new(parsed.GetValue(_psi), parsed.GetValue(_ks));

    private static Option<double> Create(string name, string description, double standard)
    {
        var option = new Option<double>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && !(result.GetValueOrDefault<double>() > 0)) result.AddError($"{name} must be above 0.");
        });
        return option;
    }
}
