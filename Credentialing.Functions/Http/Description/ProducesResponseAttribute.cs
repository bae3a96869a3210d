namespace Credentialing.Functions.Http.Description;

/// <summary>An answer that a function gives when it does what it is asked for.</summary>
/// <param name="status">Its status.</param>
/// <param name="body">The type of its body; null if it has none, or is a file.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProducesResponseAttribute(int status, Type? body = null) : Attribute
{
    internal int Status => status;

    internal Type? Body => body;

    /// <summary>Headers beside those that every answer has.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>The media types of a file.</summary>
    public string[] Files { get; init; } = [];
}
