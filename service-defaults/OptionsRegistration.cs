using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>Settings, bound once and checked at start.</summary>
public static class OptionsRegistration
{
    /// <summary>Binds a section to a type with data annotations; the service does not start where one does not hold, and says which.</summary>
    /// <returns>The settings, for use while services are being registered.</returns>
    public static T AddCheckedOptions<T>(this WebApplicationBuilder builder, string section) where T : class, new()
    {
        builder.Services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
        return builder.Configuration.GetSection(section).Get<T>() ?? new T();
    }

    /// <summary>
    /// Checks all settings before anything is built from them, and writes every fault of every section to standard error, a line each.
    /// </summary>
    /// <returns>False where there is one: end with exit code 2.</returns>
    public static bool OptionsHold(this WebApplication app)
    {
        try
        {
            app.Services.GetService<IStartupValidator>()?.Validate();
            return true;
        }
        catch (Exception e) when (e is OptionsValidationException or AggregateException)
        {
            var faults = e is AggregateException several ? several.InnerExceptions.OfType<OptionsValidationException>() : [(OptionsValidationException)e];
            foreach (var failure in faults.SelectMany(fault => fault.Failures)) Console.Error.WriteLine($"Wrong settings: {failure}");
            return false;
        }
    }
}
