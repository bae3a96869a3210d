// The part of the Functions worker's API that function classes may use, under its real names and with its real shapes, so
// that the very same files compile here without the worker's packages. Whatever is not declared here does not compile.
// Source: Microsoft.Azure.Functions.Worker.Core and Microsoft.Azure.Functions.Worker.Extensions.Http.

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Marks a method as a function.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FunctionAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>Marks the request parameter of a function that HTTP triggers.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods) : Attribute
{
    public AuthorizationLevel AuthLevel { get; set; } = authLevel;

    public string[] Methods { get; private set; } = methods;

    public string? Route { get; set; }
}

/// <summary>Which of the host's own keys a function asks for; ours ask for none, and authenticate callers themselves.</summary>
public enum AuthorizationLevel
{
    Anonymous,
    User,
    Function,
    System,
    Admin,
}
