using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

/// <summary>The external services that an app instance calls.</summary>
public enum ExternalService
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
    ConnectionFailed,

    /// <summary>The request is processed; the response is lost.</summary>
    ResponseLost,

    /// <summary>Client timeout; the request is not processed.</summary>
    Timeout,

    /// <summary>Client timeout; the request is processed.</summary>
    TimeoutAfter,

    /// <summary>Throttled: 429, without processing.</summary>
    Throttled,

    /// <summary>Service unavailable: 503, without processing.</summary>
    Unavailable,

    /// <summary>Conflict: 412, without processing.</summary>
    Conflict,

    /// <summary>The client throws an unexpected exception.</summary>
    UnexpectedException,

    /// <summary>The process crashes before the call.</summary>
    Crash,

    /// <summary>The process crashes after the call, before it receives the response.</summary>
    CrashAfter,
}

/// <summary>
/// The external services of one app instance, with fault injection. A test can fail calls, or simulate a crash of the instance at a
/// call. After a crash, every call of the instance hangs forever.
/// </summary>
public sealed class ExternalCalls(FakeTimeProvider time)
{
    private readonly TaskCompletionSource crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock crashing = new();
    private Gate? gate;

    public InstanceClock Clock { get; } = new(time);

    /// <summary>The fault of each call; null for no faults.</summary>
    public Func<ExternalService, Fault>? InjectFault { get; set; }

    /// <summary>Blocks the instance at its next call of the given service, until the gate is opened.</summary>
    public Gate BlockAt(ExternalService called) => gate = new Gate(called);

    /// <summary>Completes when a call may be made. It returns what to dispose when the call has ended. Null for no order.</summary>
    public Func<Task<IDisposable>>? Turn { get; set; }

    /// <summary>Completes when the instance crashes.</summary>
    public Task Crashed => crashed.Task;

    /// <summary>Applies the effect of a call, unless the instance has crashed.</summary>
    public void Apply(Action effect)
    {
        lock (crashing)
        {
            if (!crashed.Task.IsCompleted)
                effect();
        }
    }

    /// <summary>Makes a call, with fault injection.</summary>
    /// <param name="called">The service called.</param>
    /// <param name="fault">The fault, unless <see cref="InjectFault"/> returns one.</param>
    /// <param name="call">Makes the call.</param>
    /// <param name="response">Sets a response with this HTTP status, instead of the call.</param>
    public async Task CallAsync(ExternalService called, Fault fault, Func<Task> call, Action<int> response)
    {
        using var turn = Turn is null ? null : await Turn();
        if (gate is { } held && held.At == called)
            await held.WaitAsync();
        if (crashed.Task.IsCompleted)
            await HangAsync();
        if (InjectFault?.Invoke(called) is { } other and not Fault.None)
            fault = other;
        switch (fault)
        {
            case Fault.ConnectionFailed:
                throw new IOException("The connection failed before the request was sent.");
            case Fault.Timeout:
                throw new TaskCanceledException("The request timed out.");
            case Fault.Throttled:
                response(429);
                return;
            case Fault.Unavailable:
                response(503);
                return;
            case Fault.Conflict:
                response(412);
                return;
            case Fault.UnexpectedException:
                throw new InvalidOperationException("An injected unexpected exception.");
            case Fault.Crash:
                Crash();
                await HangAsync();
                return;
        }

        await call();
        switch (fault)
        {
            case Fault.ResponseLost:
                throw new IOException("The connection failed before the response was received.");
            case Fault.TimeoutAfter:
                throw new TaskCanceledException("The response timed out.");
            case Fault.CrashAfter:
                Crash();
                break;
        }

        if (crashed.Task.IsCompleted)
            await HangAsync();
    }

    private void Crash()
    {
        lock (crashing)
            crashed.TrySetResult();
    }

    private static Task HangAsync() => new TaskCompletionSource().Task;
}

/// <summary>Blocks an instance at a call.</summary>
/// <param name="at">The service called.</param>
public sealed class Gate(ExternalService at)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ExternalService At => at;

    /// <summary>Completes when the instance has reached the call.</summary>
    public Task Reached => reached.Task.WaitAsync(TestContext.Current.CancellationToken);

    public void Open() => opened.TrySetResult();

    internal Task WaitAsync()
    {
        reached.TrySetResult();
        return opened.Task;
    }
}
