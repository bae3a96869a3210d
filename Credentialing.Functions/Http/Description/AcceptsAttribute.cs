namespace Credentialing.Functions.Http.Description;

/// <summary>The body that a function takes.</summary>
/// <param name="body">The type that it is read as.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AcceptsAttribute(Type body) : Attribute
{
    internal Type Body => body;

    /// <summary>The body's media type.</summary>
    public string MediaType { get; init; } = "application/json";
}
