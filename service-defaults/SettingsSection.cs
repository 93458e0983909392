using System.Collections;
using System.Reflection;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>A section of the settings and the type it is bound to.</summary>
internal sealed record SettingsSection(string Name, Type Type)
{
    /// <summary>Its settings, and those of the sections within it.</summary>
    public IEnumerable<Setting> Settings => Of(Name, Type, Activator.CreateInstance(Type)!);

    private static IEnumerable<Setting> Of(string section, Type type, object defaults)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            var name = $"{section}:{property.Name}";
            var value = property.GetValue(defaults);
            if (value is not null && property.PropertyType.IsClass && property.PropertyType.Assembly == type.Assembly)
            {
                foreach (var inner in Of(name, property.PropertyType, value)) yield return inner;
            }
            else
            {
                yield return new Setting(name, value, property, value is IEnumerable and not string);
            }
        }
    }
}
