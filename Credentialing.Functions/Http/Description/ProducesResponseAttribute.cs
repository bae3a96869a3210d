namespace Credentialing.Functions.Http.Description;

/// <summary>A response of a function that is not a problem.</summary>
/// <param name="status">The HTTP status code.</param>
/// <param name="body">The type of the body; null if there is no body, or it is always a file.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProducesResponseAttribute(int status, Type? body = null) : Attribute
{
    internal int Status => status;

    internal Type? Body => body;

    /// <summary>Headers, in addition to those of every response.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>The media types of a file. If there is a <see cref="Body"/> too, the client chooses by <c>Accept</c>.</summary>
    public string[] Files { get; init; } = [];
}
