using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

/// <summary>Whom an instance of the app calls.</summary>
public enum Called
{
    Storage,
    Mail,
    MyToms,
}

/// <summary>What happens to a call.</summary>
public enum Fault
{
    None,

    /// <summary>It never arrives.</summary>
    Before,

    /// <summary>What it asks for is done, and the answer gets lost.</summary>
    After,

    /// <summary>It never arrives, and the client grows tired of waiting.</summary>
    Timeout,

    /// <summary>What it asks for is done, and the client has grown tired of waiting.</summary>
    TimeoutAfter,

    /// <summary>The other side has had enough: 429.</summary>
    TooMany,

    /// <summary>The other side is not well: 503.</summary>
    Unavailable,

    /// <summary>The client fails as no client should.</summary>
    Bug,

    /// <summary>The process dies before the call.</summary>
    Death,

    /// <summary>The process dies after the call, before it knows the answer.</summary>
    DeathAfter,
}

/// <summary>
/// All that is outside one instance of the app: a test breaks calls, and has the instance die at one. The dead do nothing any
/// more: each of their calls, from then on, hangs for ever.
/// </summary>
public sealed class Outside(FakeTimeProvider time)
{
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Gate? gate;

    /// <summary>The instance's clock.</summary>
    public InstanceClock Clock { get; } = new(time);

    /// <summary>What happens to each call; null for nothing.</summary>
    public Func<Called, Fault>? Break { get; set; }

    /// <summary>Holds the instance up at its next call of somebody, until the gate is opened.</summary>
    public Gate HoldAt(Called called) => gate = new Gate(called);

    /// <summary>Completes when the instance dies.</summary>
    public Task Died => died.Task;

    /// <summary>Has a call made, or broken.</summary>
    /// <param name="called">Who is called.</param>
    /// <param name="fault">What happens to it, unless <see cref="Break"/> says otherwise.</param>
    /// <param name="call">The call.</param>
    /// <param name="response">Answers in the place of whoever is called, with an HTTP status.</param>
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
                throw new IOException("The call was broken before it was made.");
            case Fault.Timeout:
                throw new TaskCanceledException("The call took too long.");
            case Fault.TooMany:
                response(429);
                return;
            case Fault.Unavailable:
                response(503);
                return;
            case Fault.Bug:
                throw new InvalidOperationException("The client has a bug.");
            case Fault.Death:
                died.TrySetResult();
                await HangAsync();
                return;
        }

        await call();
        switch (fault)
        {
            case Fault.After:
                throw new IOException("The call was broken after it was answered.");
            case Fault.TimeoutAfter:
                throw new TaskCanceledException("The answer took too long.");
            case Fault.DeathAfter:
                died.TrySetResult();
                break;
        }

        if (died.Task.IsCompleted)
            await HangAsync();
    }

    private static Task HangAsync() => new TaskCompletionSource().Task;
}

/// <summary>Holds an instance up at a call.</summary>
/// <param name="at">Whom it calls.</param>
public sealed class Gate(Called at)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Called At => at;

    /// <summary>Completes when the instance has come to the call.</summary>
    public Task Reached => reached.Task.WaitAsync(TestContext.Current.CancellationToken);

    public void Open() => opened.TrySetResult();

    internal Task WaitAsync()
    {
        reached.TrySetResult();
        return opened.Task;
    }
}
