using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>Reads the documentation that the compiler leaves beside an assembly.</summary>
internal static class XmlDocumentation
{
    /// <returns>The summary as one line of plain text; null where there is none.</returns>
    public static string? SummaryOf(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        var file = Path.Combine(AppContext.BaseDirectory, type.Assembly.GetName().Name + ".xml");
        if (!File.Exists(file)) return null;
        var member = $"P:{type.FullName!.Replace('+', '.')}.{property.Name}";
        var summary = XDocument.Load(file).Descendants("member").FirstOrDefault(element => (string?)element.Attribute("name") == member)?.Element("summary");
        return summary is null ? null : Plain(summary);
    }

    private static string Plain(XElement summary)
    {
        var text = new StringBuilder();
        foreach (var node in summary.Nodes())
            text.Append(node is XElement { IsEmpty: true } reference ? NameOf((string?)reference.Attribute("cref")) : node is XElement words ? words.Value : ((XText)node).Value);
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string? NameOf(string? reference) => reference?[(reference.LastIndexOf('.') + 1)..];
}
