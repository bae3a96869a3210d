using System.Text.Json;

namespace Credentialing.Tests.Infrastructure;

/// <summary>What Resource Manager would create in one environment.</summary>
/// <param name="predicted">The resources, as predicted by <c>bicep snapshot</c>.</param>
/// <param name="diagnostics">The diagnostics of the compiler.</param>
public sealed class Deployment(JsonElement predicted, string diagnostics)
{
    public string Diagnostics { get; } = diagnostics;

    /// <summary>The predicted resources, in their order in the snapshot.</summary>
    public IReadOnlyList<Resource> Resources { get; } = [.. predicted.GetProperty("predictedResources").EnumerateArray().Select(json => new Resource(json))];

    /// <summary>The diagnostics of the prediction: what could not be predicted.</summary>
    public string Unpredicted => predicted.GetProperty("diagnostics").GetRawText();

    public IEnumerable<Resource> ResourcesOfType(string type) => Resources.Where(resource => resource.Type == type);

    public Resource ResourceOfType(string type) => Assert.Single(ResourcesOfType(type));
}

/// <summary>A predicted resource. A value known only after deployment is an expression in brackets.</summary>
public sealed class Resource(JsonElement json)
{
    public string Id => json.GetProperty("id").GetString()!;

    public string Type => json.GetProperty("type").GetString()!;

    public string Name => json.GetProperty("name").GetString()!;

    public string Kind => json.GetProperty("kind").GetString()!;

    public JsonElement Json => json;

    /// <summary>Returns a property by its path, such as <c>siteConfig.cors</c>.</summary>
    public JsonElement this[string path] => path.Split('.').Aggregate(json.GetProperty("properties"), (element, name) => element.GetProperty(name));

    public bool IsTrue(string path) => this[path].GetBoolean();

    public string Text(string path) => this[path].GetString()!;

    public IReadOnlyList<string> Texts(string path) => [.. this[path].EnumerateArray().Select(element => element.GetString()!)];
}
