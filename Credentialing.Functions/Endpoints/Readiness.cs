using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Endpoints;

/// <summary>
/// Checks whether storage and vault can be reached. Anybody may request it, so its cost does not depend on the number of requests:
/// concurrent requests share one check, and its result is cached for <see cref="CacheInterval"/>. Thread safe.
/// </summary>
public sealed partial class Readiness(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    [FromKeyedServices(SecretRing.VendorTokenKey)] SecretRing tokenKeys,
    TimeProvider time,
    ILogger<Readiness> logger) : IAsyncDisposable
{
    /// <summary>How long a result is returned again, counted from the end of its check.</summary>
    public static readonly TimeSpan CacheInterval = TimeSpan.FromSeconds(5);

    /// <summary>Maximum duration of a check. A dependency that has not responded by then counts as unreachable.</summary>
    public static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock changing = new();
    private readonly CancellationTokenSource stopping = new(); // not disposed: it holds no resource, and a late request still reads it
    private Task<Result>? check;

    /// <summary>
    /// Returns the dependencies that cannot be reached, <c>storage</c> or <c>vault</c>. Empty if the app is ready. The cancellation
    /// ends only the wait of this caller.
    /// </summary>
    public async Task<IReadOnlyList<string>> FindUnreachableAsync(CancellationToken cancellationToken)
    {
        Task<Result> shared;
        lock (changing)
        {
            if (check is null || (check.IsCompleted && time.GetUtcNow() - check.Result.EndedAt >= CacheInterval))
                check = Task.Run(CheckAsync);
            shared = check;
        }

        return (await shared.WaitAsync(cancellationToken)).Unreachable;
    }

    /// <summary>Cancels the check in progress, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Task? running;
        lock (changing)
            running = check;
        if (running is not null)
            await running;
    }

    /// <summary>Does not throw.</summary>
    private async Task<Result> CheckAsync()
    {
        using var timeout = new CancellationTokenSource(CheckTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping.Token);
        var unreachable = await Task.WhenAll(
            FailsAsync("storage", storage.CheckAsync),
            FailsAsync("vault", token => Task.WhenAll(peppers.CheckAsync(token), tokenKeys.CheckAsync(token))));
        return new Result([.. unreachable.OfType<string>()], time.GetUtcNow());

        async Task<string?> FailsAsync(string name, Func<CancellationToken, Task> reach)
        {
            try
            {
                await reach(ending.Token).WaitAsync(ending.Token);
                return null;
            }
            catch (Exception failure)
            {
                if (!stopping.IsCancellationRequested)
                    LogUnreachable(name, FailureReason.Of(failure));
                return name;
            }
        }
    }

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "{Name} is unreachable: {Reason}.")]
    private partial void LogUnreachable(string name, string reason);

    private sealed record Result(IReadOnlyList<string> Unreachable, DateTimeOffset EndedAt);
}
