
namespace Credentialing.Functions.Http.Description;

/// <summary>
/// The kind of caller of a function. Together with <see cref="AcceptsAttribute"/>, <see cref="ProducesResponseAttribute"/> and
/// <see cref="ProducesProblemAttribute"/>, it describes what the signature cannot express, for <c>docs/openapi.json</c>. Tests validate
/// real responses against it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CalledByAttribute(CallerKind caller) : Attribute
{
    internal CallerKind Caller => caller;
}
