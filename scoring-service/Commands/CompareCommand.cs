using System.CommandLine;
using Kappa.Iot.TrainingJob.Terminal;

namespace Kappa.Iot.ScoringService.Commands;
internal static class CompareCommand
{
    public static Command Create(Screen screen) => new("compare", "");
}
