using Kappa.Iot.Contracts;
using Kappa.Iot.ScoringService;
using Kappa.Iot.ScoringService.Commands;
using Kappa.Iot.ServiceDefaults;
using Kappa.Iot.Streaming;

if (CommandLine.IsVerb(args)) return await CommandLine.RunAsync(args, Screen.Standard(), TimeProvider.System);

const string About = "scoring-service: scores the vehicles' telemetry with the active models and raises alerts, exactly once.";
return await ServiceProgram.RunAsync(args, $"{About}\n\n{CommandLine.Verbs}", arguments =>
{
    var builder = ServiceProgram.CreateBuilder(arguments);
    builder.UseDefaultAddress("http://127.0.0.1:8082");
    builder.AddServiceDefaults("scoring-service");
    builder.AddCheckedOptions<KafkaOptions>(KafkaOptions.Section);
    builder.Services.AddStreaming().AddTopicSetup();
    builder.AddModels();
    builder.AddScoring();

    var app = builder.Build();
    app.MapServiceDefaults();
    return app;
});
