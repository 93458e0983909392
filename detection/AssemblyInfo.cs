using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Kappa.Iot.Detection.Tests")]
[assembly: InternalsVisibleTo("Kappa.Iot.Benchmarks")]
[assembly: InternalsVisibleTo("Kappa.Iot.TrainingJob.Tests")]
