namespace Credentialing.Functions.Http.Description;

/// <summary>
/// Problems that a function returns, in addition to those that its kind of caller and its request body imply.
/// </summary>
/// <param name="status">Their HTTP status code.</param>
/// <param name="types">Their types, without the common prefix.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProducesProblemAttribute(int status, params string[] types) : Attribute
{
    internal int Status => status;

    internal IReadOnlyList<string> Types => types;
}
