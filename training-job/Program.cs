using Kappa.Iot.TrainingJob.Commands;
using Kappa.Iot.TrainingJob.Terminal;

return await CommandLine.RunAsync(args, Screen.Standard());
