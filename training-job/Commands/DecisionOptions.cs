using System.CommandLine;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>Who decides something about a model, and why: kept in the model's history.</summary>
internal sealed class DecisionOptions
{
    private readonly Option<string> _by = new("--by") { Description = "Who decides so. The account and the host are kept beside it.", HelpName = "NAME", DefaultValueFactory = _ => Environment.UserName };
    private readonly Option<string> _reason = new("--reason") { Description = "Why; 'show' tells it.", HelpName = "TEXT", DefaultValueFactory = _ => "" };

    public void AddTo(Command command)
    {
        command.Options.Add(_by);
        command.Options.Add(_reason);
    }

    public Decision Read(ParseResult parsed) => new(parsed.GetValue(_by)!, TimeProvider.System.GetUtcNow()) { Reason = parsed.GetValue(_reason)! };
}
