using System.Text.Json;

namespace Credentialing.Tests.Infrastructure;

/// <summary>What the templates come to in one environment.</summary>
/// <param name="sent">The compiled template and its parameters, as <c>bicep build-params</c> prints them.</param>
/// <param name="predicted">What Resource Manager would make of them, as far as that can be known beforehand.</param>
/// <param name="diagnostics">What the compiler had to say.</param>
public sealed class Deployment(string sent, string predicted, string diagnostics)
{
    private readonly JsonElement predicted = JsonDocument.Parse(predicted).RootElement;

    public string Diagnostics { get; } = diagnostics;

    /// <summary>The compiled template, with those of the modules in it.</summary>
    public string TemplateText { get; } = JsonDocument.Parse(sent).RootElement.GetProperty("templateJson").GetString()!;

    /// <summary>The compiled template, read.</summary>
    public JsonElement Template => JsonDocument.Parse(TemplateText).RootElement;

    /// <summary>Everything that is made, in the order in which it is written.</summary>
    public IReadOnlyList<Resource> Resources { get; } = [.. JsonDocument.Parse(predicted).RootElement.GetProperty("predictedResources").EnumerateArray().Select(json => new Resource(json))];

    /// <summary>What could not be predicted at all.</summary>
    public string Unpredicted => predicted.GetProperty("diagnostics").GetRawText();

    public IEnumerable<Resource> Of(string type) => Resources.Where(resource => resource.Type == type);

    public Resource The(string type) => Assert.Single(Of(type));
}

/// <summary>One resource; what is known only when it is there is an expression in brackets.</summary>
public sealed class Resource(JsonElement json)
{
    public string Id => json.GetProperty("id").GetString()!;

    public string Type => json.GetProperty("type").GetString()!;

    public string Name => json.GetProperty("name").GetString()!;

    public string Kind => json.GetProperty("kind").GetString()!;

    public JsonElement Json => json;

    /// <summary>A property by its path, such as <c>siteConfig.cors</c>.</summary>
    public JsonElement this[string path] => path.Split('.').Aggregate(json.GetProperty("properties"), (element, name) => element.GetProperty(name));

    public bool IsTrue(string path) => this[path].GetBoolean();

    public string Text(string path) => this[path].GetString()!;

    public IReadOnlyList<string> Texts(string path) => [.. this[path].EnumerateArray().Select(element => element.GetString()!)];
}
