using Kappa.Iot.ServiceDefaults;
using Kappa.Iot.Twins;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.DigitalTwinSink;

internal static class TwinStoreRegistration
{
    /// <summary>Adds the store that the settings name.</summary>
    public static void AddTwinStore(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<TwinOptions>(TwinOptions.Section);
        builder.Services.AddSingleton(services => TwinStore.Open(services.GetRequiredService<IOptions<TwinOptions>>().Value.ConnectionString));
        builder.Services.AddSingleton<StoreAccess>();
    }
}
