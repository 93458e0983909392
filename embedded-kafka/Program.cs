using Kappa.Iot.Embedded.Terminal;

return await ServerCommand.Create().Parse(args).InvokeServerAsync();
