using System.Net.Http.Headers;
using Azure.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;

namespace Credentialing.Core.Announcements;

/// <summary>Registers <see cref="MyToms"/> and its HTTP client: base address, authentication, resilience.</summary>
internal static class MyTomsRegistration
{
    private const string ApiKeyHeader = "X-Api-Key";
    private const int Retries = 3;

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(8);

    /// <summary>How long the circuit breaker stays open, so that a daily run does not spend its time on timeouts.</summary>
    private static readonly TimeSpan BreakTime = TimeSpan.FromSeconds(30);

    /// <summary>Timeout of one operation, including all retries.</summary>
    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(30);

    internal static void AddMyToms(this IServiceCollection services)
    {
        var client = services
            .AddSingleton<MyToms>()
            .AddTransient<Authentication>()
            .AddHttpClient(MyToms.Client, (provider, client) =>
            {
                client.BaseAddress = new Uri($"{Options(provider).BaseUrl!.AbsoluteUri.TrimEnd('/')}/");
                client.Timeout = Timeout.InfiniteTimeSpan; // the resilience pipeline below has timeouts
            })
            // No redirects: the API key header would be sent to the redirect target.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
            .RedactLoggedHeaders([ApiKeyHeader, "Authorization"]);
        client.AddResilienceHandler(MyToms.Client, (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline
                .AddTimeout(TotalTimeout)
                .AddRetry(new HttpRetryStrategyOptions
                {
                    MaxRetryAttempts = Retries,
                    Delay = Options(context.ServiceProvider).RetryDelay,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                })
                .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
                {
                    FailureRatio = 0.9,
                    MinimumThroughput = 10,
                    SamplingDuration = TimeSpan.FromMinutes(2),
                    BreakDuration = BreakTime,
                })
                .AddTimeout(AttemptTimeout);
        });
        client.AddHttpMessageHandler<Authentication>();
    }

    private static MyTomsOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<MyTomsOptions>>().Value;

    /// <summary>Authenticates requests with the API key, or with a bearer token from the host's <see cref="TokenCredential"/>.</summary>
    private sealed class Authentication(IOptions<MyTomsOptions> options, IServiceProvider services) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (options.Value.Scope is { Length: > 0 } scope)
            {
                var token = await services.GetRequiredService<TokenCredential>().GetTokenAsync(new TokenRequestContext([scope]), cancellationToken);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
            }
            else
            {
                request.Headers.Remove(ApiKeyHeader); // a retry sends the same request object
                request.Headers.Add(ApiKeyHeader, options.Value.ApiKey);
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
