using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Credentialing.DevHost;

/// <summary>Reads XML documentation from the files that the compiler writes next to the assemblies.</summary>
internal static partial class Documentation
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, string>> Summaries = new();

    /// <summary>Returns a type's summary as Markdown; null if there is none.</summary>
    internal static string? Of(Type type) => Find(type.Assembly, $"T:{Name(type)}");

    /// <summary>Returns a property's summary. For a record, this is the documentation of the parameter.</summary>
    internal static string? Of(PropertyInfo property) => Find(property.Module.Assembly, $"P:{Name(property.DeclaringType!)}.{property.Name}");

    /// <summary>Returns the summary of a method, which must have no overloads.</summary>
    internal static string? Of(MethodInfo method)
    {
        var name = $"M:{Name(method.DeclaringType!)}.{method.Name}(";
        return Read(method.Module.Assembly).SingleOrDefault(member => member.Key.StartsWith(name, StringComparison.Ordinal)).Value;
    }

    private static string Name(Type type) => type.FullName!.Replace('+', '.');

    private static string? Find(Assembly assembly, string member) => Read(assembly).GetValueOrDefault(member);

    private static IReadOnlyDictionary<string, string> Read(Assembly assembly) => Summaries.GetOrAdd(assembly, static assembly =>
        File.Exists(Path.ChangeExtension(assembly.Location, "xml"))
            ? XDocument.Load(Path.ChangeExtension(assembly.Location, "xml")).Descendants("member")
                .Where(member => member.Element("summary") is not null)
                .ToDictionary(member => member.Attribute("name")!.Value, member => Markdown(member.Element("summary")!))
            : new Dictionary<string, string>());

    private static string Markdown(XElement summary) => Spaces().Replace(
        string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } reference => $"`{reference.Attribute("cref")!.Value.Split('.')[^1]}`",
            XElement element => element.Value,
            _ => node.ToString(),
        })),
        " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
