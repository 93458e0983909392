using Kappa.Iot.TrainingJob.Commands;

return await CommandLine.RunAsync(args, Screen.Standard());
