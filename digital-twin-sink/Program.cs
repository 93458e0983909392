using Kappa.Iot.Contracts;
using Kappa.Iot.DigitalTwinSink;
using Kappa.Iot.ServiceDefaults;
using Kappa.Iot.Streaming;

var builder = WebApplication.CreateBuilder(args);
builder.UseDefaultAddress("http://127.0.0.1:8083");
builder.AddServiceDefaults("digital-twin-sink");
builder.AddCheckedOptions<KafkaOptions>(KafkaOptions.Section);
builder.Services.AddStreaming();
builder.Services.AddTopicSetup();
builder.AddTwinStore();
builder.AddTwinSink();

var app = builder.Build();
if (!app.OptionsHold()) return 2;
app.MapServiceDefaults();
await app.RunAsync();
return 0;
