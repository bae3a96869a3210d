namespace Credentialing.Tests.Support;

/// <summary>Waits for what happens after a response, without a notification.</summary>
internal static class Eventually
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Polls until the condition is true.</summary>
    /// <exception cref="TimeoutException">It is still false after 30 seconds.</exception>
    internal static async Task IsTrueAsync(Func<Task<bool>> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Timeout)
                throw new TimeoutException("The condition is still false.");
            await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
        }
    }

    /// <inheritdoc cref="IsTrueAsync(Func{Task{bool}})"/>
    internal static Task IsTrueAsync(Func<bool> condition) => IsTrueAsync(() => Task.FromResult(condition()));
}
