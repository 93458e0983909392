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
        builder.Services.AddSingleton(new SettingsSection(section, typeof(T)));
        builder.Services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<T>>(new SettingsCheck<T>(section));
        return builder.Configuration.GetSection(section).Get<T>() ?? new T();
    }
}
