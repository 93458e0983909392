using System.Reflection;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>One setting.</summary>
/// <param name="Name">As on the command line, without dashes.</param>
/// <param name="Default">What it is where nobody sets it.</param>
/// <param name="Property">What it is bound to.</param>
/// <param name="IsList">Whether it is written with an index, <c>Name:0</c>.</param>
internal sealed record Setting(string Name, object? Default, PropertyInfo Property, bool IsList);
