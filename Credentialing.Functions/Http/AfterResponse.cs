using Microsoft.AspNetCore.Http;

namespace Credentialing.Functions.Http;

/// <summary>
/// Work that follows a response: a connection that fails while another service is slow would lose the response, and with it a secret
/// key. The work may be lost if the process ends, so the daily run must be able to do it.
/// </summary>
internal static class AfterResponse
{
    /// <summary>Starts the work when the response has been sent.</summary>
    /// <param name="response">The response.</param>
    /// <param name="steps">The work, one step after the other. It must not throw.</param>
    internal static void Start(HttpResponse response, params Func<Task>[] steps) => response.OnCompleted(() =>
    {
        // Not awaited: the server reads the next request of the connection only after this callback.
        _ = RunAsync(steps);
        return Task.CompletedTask;
    });

    private static async Task RunAsync(Func<Task>[] steps)
    {
        foreach (var step in steps)
            await step();
    }
}
