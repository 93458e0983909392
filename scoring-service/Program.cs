using Kappa.Iot.Contracts;
using Kappa.Iot.ScoringService;
using Kappa.Iot.ServiceDefaults;
using Kappa.Iot.Streaming;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults("scoring-service");
builder.AddCheckedOptions<KafkaOptions>(KafkaOptions.Section);
builder.Services.AddStreaming().AddTopicSetup();
builder.AddModels();
builder.AddScoring();

var app = builder.Build();
app.MapServiceDefaults();
await app.RunAsync();
