// The part of the Functions worker's API that function classes may use, under its real names and with its real shapes, so
// that the very same files compile here without the worker's packages. Whatever is not declared here does not compile.
// Source: Microsoft.Azure.Functions.Worker.Core, Microsoft.Azure.Functions.Worker.Extensions.Http and .Extensions.Timer.

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

/// <summary>Marks the parameter of a function that a timer triggers.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class TimerTriggerAttribute(string schedule) : Attribute
{
    /// <summary>An NCRONTAB expression of six fields, or the name of a setting that holds one, between percent signs.</summary>
    public string Schedule { get; private set; } = schedule;
}

/// <summary>What a timer tells of itself.</summary>
public class TimerInfo
{
    public bool IsPastDue { get; set; }
}

/// <summary>What the platform does when a function fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class RetryAttribute : Attribute;

/// <summary>It runs the function again after a time, up to so many times.</summary>
public sealed class FixedDelayRetryAttribute(int maxRetryCount, string delayInterval) : RetryAttribute
{
    public int MaxRetryCount { get; } = maxRetryCount;

    public string DelayInterval { get; } = delayInterval;
}
