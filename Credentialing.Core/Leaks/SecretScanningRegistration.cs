using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Credentialing.Core.Leaks;

/// <summary>Registers <see cref="SecretScanningKeys"/> and its HTTP client: resilience and limits.</summary>
internal static class SecretScanningRegistration
{
    private const int Retries = 2;

    /// <summary>A few keys have less than 2 KB.</summary>
    private const int MaxResponseBytes = 64 * 1024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Timeout of a read of the keys, retries included. GitHub waits 30 seconds for the response to its message.</summary>
    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(10);

    internal static void AddSecretScanning(this IServiceCollection services)
    {
        var client = services
            .AddSingleton<SecretScanningKeys>()
            .AddHttpClient(SecretScanningKeys.Client, client =>
            {
                client.Timeout = TotalTimeout; // also limits the body, which the resilience pipeline below does not
                client.MaxResponseContentBufferSize = MaxResponseBytes;
                client.DefaultRequestHeaders.Add("User-Agent", "Credentialing"); // GitHub refuses requests without one
                client.DefaultRequestHeaders.Add("Accept", "application/json");
            })
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        client.AddResilienceHandler(SecretScanningKeys.Client, (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline
                .AddRetry(new HttpRetryStrategyOptions { MaxRetryAttempts = Retries, Delay = RetryDelay, BackoffType = DelayBackoffType.Exponential, UseJitter = true })
                .AddTimeout(AttemptTimeout);
        });
    }
}
