
namespace Credentialing.Functions.Http.Description;

/// <summary>
/// For whom a function is. With <see cref="AcceptsAttribute"/>, <see cref="ProducesResponseAttribute"/> and <see cref="ProducesProblemAttribute"/>
/// it says what the signature cannot, for <c>docs/openapi.json</c>; tests hold real answers against it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CalledByAttribute(CallerKind caller) : Attribute
{
    internal CallerKind Caller => caller;
}
