using Kappa.Iot.Contracts;
using Kappa.Iot.DigitalTwinSink;
using Kappa.Iot.ServiceDefaults;
using Kappa.Iot.Streaming;

return await ServiceProgram.RunAsync(args, "digital-twin-sink: keeps a digital twin of every vehicle in MongoDB or SQLite, out of the log.", arguments =>
{
    var builder = ServiceProgram.CreateBuilder(arguments);
    builder.UseDefaultAddress("http://127.0.0.1:8083");
    builder.AddServiceDefaults("digital-twin-sink");
    builder.AddCheckedOptions<KafkaOptions>(KafkaOptions.Section);
    builder.Services.AddStreaming().AddTopicSetup();
    builder.AddTwinStore();
    builder.AddTwinSink();

    var app = builder.Build();
    app.MapServiceDefaults();
    return app;
});
