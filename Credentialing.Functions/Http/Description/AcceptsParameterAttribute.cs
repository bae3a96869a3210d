namespace Credentialing.Functions.Http.Description;

/// <summary>An optional header or query parameter that is not in the function's signature.</summary>
/// <param name="place"><c>header</c> or <c>query</c>.</param>
/// <param name="name">The parameter's name.</param>
/// <param name="description">The parameter's description.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AcceptsParameterAttribute(string place, string name, string description) : Attribute
{
    internal string Place => place;

    internal string Name => name;

    internal string Description => description;

    /// <summary>The parameter's type.</summary>
    public Type Type { get; init; } = typeof(string);

    /// <summary>The allowed values; empty for any.</summary>
    public string[] Values { get; init; } = [];
}
