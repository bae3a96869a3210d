using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

/// <summary>The external services that an app instance calls.</summary>
public enum Called
{
    Storage,
    Mail,
    MyToms,
}

/// <summary>The fault to inject into a call.</summary>
public enum Fault
{
    None,

    /// <summary>Connection failure; the request is not processed.</summary>
    Before,

    /// <summary>The request is processed; the response is lost.</summary>
    After,

    /// <summary>Client timeout; the request is not processed.</summary>
    Timeout,

    /// <summary>Client timeout; the request is processed.</summary>
    TimeoutAfter,

    /// <summary>Throttled: 429, without processing.</summary>
    TooMany,

    /// <summary>Service unavailable: 503, without processing.</summary>
    Unavailable,

    /// <summary>Conflict: 412, without processing.</summary>
    Conflict,

    /// <summary>The client throws an unexpected exception.</summary>
    Bug,

    /// <summary>The process crashes before the call.</summary>
    Death,

    /// <summary>The process crashes after the call, before it receives the response.</summary>
    DeathAfter,
}

/// <summary>
/// The external services of one app instance, with fault injection. A test can fail calls, or simulate a crash of the instance at a
/// call. After a crash, every call of the instance hangs forever.
/// </summary>
public sealed class Outside(FakeTimeProvider time)
{
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Gate? gate;

    public InstanceClock Clock { get; } = new(time);

    /// <summary>The fault of each call; null for no faults.</summary>
    public Func<Called, Fault>? Break { get; set; }

    /// <summary>Blocks the instance at its next call of the given service, until the gate is opened.</summary>
    public Gate HoldAt(Called called) => gate = new Gate(called);

    /// <summary>Completes when the instance crashes.</summary>
    public Task Died => died.Task;

    /// <summary>Makes a call, with fault injection.</summary>
    /// <param name="called">The service called.</param>
    /// <param name="fault">The fault, unless <see cref="Break"/> returns one.</param>
    /// <param name="call">Makes the call.</param>
    /// <param name="response">Sets a response with this HTTP status, instead of the call.</param>
    public async Task CallAsync(Called called, Fault fault, Func<Task> call, Action<int> response)
    {
        if (gate is { } held && held.At == called)
            await held.WaitAsync();
        if (died.Task.IsCompleted)
            await HangAsync();
        if (Break?.Invoke(called) is { } other and not Fault.None)
            fault = other;
        switch (fault)
        {
            case Fault.Before:
                throw new IOException("The connection failed before the request was sent.");
            case Fault.Timeout:
                throw new TaskCanceledException("The request timed out.");
            case Fault.TooMany:
                response(429);
                return;
            case Fault.Unavailable:
                response(503);
                return;
            case Fault.Conflict:
                response(412);
                return;
            case Fault.Bug:
                throw new InvalidOperationException("An injected unexpected exception.");
            case Fault.Death:
                died.TrySetResult();
                await HangAsync();
                return;
        }

        await call();
        switch (fault)
        {
            case Fault.After:
                throw new IOException("The connection failed before the response was received.");
            case Fault.TimeoutAfter:
                throw new TaskCanceledException("The response timed out.");
            case Fault.DeathAfter:
                died.TrySetResult();
                break;
        }

        if (died.Task.IsCompleted)
            await HangAsync();
    }

    private static Task HangAsync() => new TaskCompletionSource().Task;
}

/// <summary>Blocks an instance at a call.</summary>
/// <param name="at">The service called.</param>
public sealed class Gate(Called at)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Called At => at;

    /// <summary>Completes when the instance has reached the call.</summary>
    public Task Reached => reached.Task.WaitAsync(TestContext.Current.CancellationToken);

    public void Open() => opened.TrySetResult();

    internal Task WaitAsync()
    {
        reached.TrySetResult();
        return opened.Task;
    }
}
