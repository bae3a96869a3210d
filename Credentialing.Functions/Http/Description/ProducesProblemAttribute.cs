namespace Credentialing.Functions.Http.Description;

/// <summary>
/// Problems that a function answers with, beside those that follow from for whom it is and from the body that it takes.
/// </summary>
/// <param name="status">Their status.</param>
/// <param name="types">Their types, less what all begin with.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProducesProblemAttribute(int status, params string[] types) : Attribute
{
    internal int Status => status;

    internal IReadOnlyList<string> Types => types;
}
