namespace Credentialing.Functions.Http.Description;

/// <summary>A header or a query parameter that a function reads for itself. None must be sent.</summary>
/// <param name="place"><c>header</c> or <c>query</c>.</param>
/// <param name="name">Its name.</param>
/// <param name="description">What it is for.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AcceptsParameterAttribute(string place, string name, string description) : Attribute
{
    internal string Place => place;

    internal string Name => name;

    internal string Description => description;

    /// <summary>What it is read as.</summary>
    public Type Type { get; init; } = typeof(string);
}
