namespace Credentialing.Functions.Http.Description;

/// <summary>The request body of a function.</summary>
/// <param name="body">The type that the body is deserialized to.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AcceptsAttribute(Type body) : Attribute
{
    internal Type Body => body;

    /// <summary>The body's media type.</summary>
    public string MediaType { get; init; } = "application/json";
}
