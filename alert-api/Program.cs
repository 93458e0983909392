using Kappa.Iot.AlertApi;

await AlertApiApplication.Build(args).RunAsync();
