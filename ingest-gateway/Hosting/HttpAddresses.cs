using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kappa.Iot.IngestGateway;

/// <summary>An address for metrics and health, out of the setting <c>Urls</c>. (Kestrel does not read that setting itself once it is told to listen for something else, too.)</summary>
internal sealed record HttpAddresses(IPAddress? Address, int Port)
{
    private const string Default = "http://127.0.0.1:8081";

    /// <exception cref="ArgumentException">An address is not one.</exception>
    public static IEnumerable<HttpAddresses> Of(IConfiguration settings)
    {
        var urls = settings["Urls"] is { Length: > 0 } given ? given : Default;
        return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse).ToList();
    }

    public void ListenOn(KestrelServerOptions kestrel)
    {
        if (Address is null) kestrel.ListenAnyIP(Port);
        else kestrel.Listen(Address, Port);
    }

    private static HttpAddresses Parse(string url)
    {
        BindingAddress binding;
        try
        {
            binding = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            throw Wrong(url);
        }

        if (binding.Scheme != "http") throw Wrong(url);
        return binding.Host switch
        {
            "*" or "+" or "0.0.0.0" or "[::]" => new(null, binding.Port),
            "localhost" => new(IPAddress.Loopback, binding.Port),
            var host when IPAddress.TryParse(host, out var address) => new(address, binding.Port),
            _ => throw Wrong(url),
        };
    }

    private static ArgumentException Wrong(string url) => new($"Urls has '{url}'; it must be of the form http://127.0.0.1:8081 (an IP address, localhost or *; several separated by ';').");
}
