using Kappa.Iot.IngestGateway;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

if (args.Any(a => a is "--help" or "-h" or "-?"))
{
    Console.WriteLine(Usage.Text);
    return 0;
}

try
{
    await using var app = GatewayHost.Build(args);
    app.Services.GetService<IStartupValidator>()?.Validate(); // before anything that uses a setting is made
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (WrongSettings.Of(e) is { Count: > 0 } wrong)
{
    Console.Error.WriteLine("These settings are wrong (see --help):");
    foreach (var failure in wrong) Console.Error.WriteLine($"  {failure}");
    return 2;
}
catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" })
{
    Console.Error.WriteLine($"A setting is wrong (see --help): {e.Message}");
    return 2;
}
catch (IOException e) when (e.InnerException is AddressInUseException)
{
    Console.Error.WriteLine($"{e.Message} Stop what has the port, or choose another one: --Mqtt:Port (vehicles), --Urls (metrics and health).");
    return 1;
}
