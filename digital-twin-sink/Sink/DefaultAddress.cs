namespace Kappa.Iot.DigitalTwinSink;

internal static class DefaultAddress
{
    /// <summary>Listens here unless the settings, the environment or the command line name an address or a port.</summary>
    public static void UseDefaultAddress(this WebApplicationBuilder builder, string address)
    {
        string[] settings = ["urls", "http_ports", "https_ports"];
        if (settings.All(setting => string.IsNullOrEmpty(builder.Configuration[setting]))) builder.WebHost.UseUrls(address);
    }
}
