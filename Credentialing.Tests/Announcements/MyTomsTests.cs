using System.Net;
using System.Threading.Channels;
using Azure.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Credentialing.Tests.Announcements;

[Kind(TestKind.Unit)]
public sealed class MyTomsTests
{
    private const string Scope = "api://mytoms/.default";
    private const string Token = "the-token-of-the-tests";

    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(8);

    private static readonly Announcement Announcement = new(
        TestWorld.Oakland,
        CredentialState.Expiring,
        "A title",
        "A text.",
        new DateTimeOffset(2027, 11, 23, 20, 0, 0, TimeSpan.Zero),
        Pacific.Zone.Id,
        14,
        new Uri("https://toms.example/"));

    [Fact]
    public async Task Every_request_has_the_API_key_and_no_Authorization_header()
    {
        await using var server = await MyTomsServer.StartAsync();
        var myToms = server.CreateClient();

        await PutAsync(myToms);
        await DeleteAsync(myToms);

        Assert.Equal(
            [("PUT", "/base/announcements/01612590000000"), ("DELETE", "/base/announcements/01612590000000")],
            server.Requests.Select(request => (request.Method, request.Path)));
        Assert.All(server.Requests, request => Assert.Equal((MyTomsServer.ApiKey, null), (request.ApiKey, request.Authorization)));
    }

    [Fact]
    public async Task Every_attempt_has_a_token_of_the_apps_identity_when_a_scope_is_configured()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(503));
        List<string> requestedScopes = [];
        var myToms = server.CreateClient(UseScope, identity: DelegatedTokenCredential.Create((context, _) =>
        {
            requestedScopes.AddRange(context.Scopes);
            return new AccessToken($"{Token}-{requestedScopes.Count}", DateTimeOffset.MaxValue);
        }));

        await PutAsync(myToms);
        await DeleteAsync(myToms);

        Assert.Equal([Scope, Scope, Scope], requestedScopes);
        Assert.Equal(
            [(null, $"Bearer {Token}-1"), (null, $"Bearer {Token}-2"), (null, $"Bearer {Token}-3")],
            server.Requests.Select(request => (request.ApiKey, request.Authorization)));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_transient_error_status_is_retried_with_the_same_request(int status)
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(status), 3)]);

        await PutAsync(server.CreateClient());

        Assert.Equal(4, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Equal((MyTomsServer.ApiKey, server.Requests[0].Body), (request.ApiKey, request.Body)));
        Assert.NotEmpty(server.Requests[0].Body);
    }

    [Fact]
    public async Task A_connection_failure_is_retried()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.AbortAsync, MyTomsServer.AbortAsync);
        await DeleteAsync(server.CreateClient());
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_request_throws_after_three_failed_retries()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(503), 5)]);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(server.CreateClient()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.StatusCode);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task The_circuit_breaker_opens_for_30_seconds_after_10_failed_attempts()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(503), 10)]);
        var clock = new Clock();
        var myToms = server.CreateClient(options => options.RetryDelay = TimeSpan.Zero, clock);
        for (var call = 0; call < 2; call++)
            await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(myToms));

        await Assert.ThrowsAsync<BrokenCircuitException>(() => PutAsync(myToms));
        clock.Advance(TimeSpan.FromSeconds(29));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => DeleteAsync(myToms));
        Assert.Equal(10, server.Requests.Count);

        clock.Advance(TimeSpan.FromSeconds(1));
        await DeleteAsync(myToms);
        await PutAsync(myToms);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(409)]
    public async Task A_permanent_error_status_throws_without_a_retry(int status)
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status), MyTomsServer.Status(status));
        var myToms = server.CreateClient();

        foreach (var send in (Func<MyToms, Task>[])[PutAsync, DeleteAsync])
            Assert.Equal(status, (int?)(await Assert.ThrowsAsync<HttpRequestException>(() => send(myToms))).StatusCode);

        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(204)]
    public async Task Any_2xx_status_is_a_success(int status)
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status), MyTomsServer.Status(status));
        var myToms = server.CreateClient();
        await PutAsync(myToms);
        await DeleteAsync(myToms);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_404_is_a_success_for_DELETE_and_an_error_for_PUT()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(404), MyTomsServer.Status(404));
        var myToms = server.CreateClient();
        await DeleteAsync(myToms);
        await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(myToms));
        Assert.Equal(2, server.Requests.Count);
    }

    /// <summary>Following a redirect would send the key to another server. A sign-in page that returns 200 is not a success.</summary>
    [Theory]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var redirectTarget = await MyTomsServer.StartAsync();
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status, location: redirectTarget.BaseUrl));
        await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(server.CreateClient()));
        Assert.Empty(redirectTarget.Requests);
    }

    [Fact]
    public async Task A_cookie_is_not_sent_back()
    {
        await using var server = await MyTomsServer.StartAsync(context =>
        {
            context.Response.Cookies.Append("affinity", "1");
            return Task.CompletedTask;
        });
        var client = server.CreateClient();
        await PutAsync(client);
        await PutAsync(client);
        Assert.Equal(2, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.DoesNotContain("Cookie", request.Headers.Keys));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_retry_waits_for_the_Retry_After_time(int status)
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status, retryAfter: "17"));
        var clock = new Clock();

        var put = PutAsync(server.CreateClient(time: clock));
        foreach (var timer in (TimeSpan[])[TotalTimeout, AttemptTimeout, TimeSpan.FromSeconds(17)])
            Assert.Equal(timer, await clock.NextTimerAsync());
        clock.Advance(TimeSpan.FromSeconds(17) - TimeSpan.FromTicks(1));
        Assert.Single(server.Requests);
        clock.Advance(TimeSpan.FromTicks(1));
        await put;

        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_request_times_out_without_a_retry_when_Retry_After_exceeds_the_total_timeout()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(429, retryAfter: "3600"));
        var clock = new Clock();

        var put = PutAsync(server.CreateClient(time: clock));
        foreach (var timer in (TimeSpan[])[TotalTimeout, AttemptTimeout, TimeSpan.FromHours(1)])
            Assert.Equal(timer, await clock.NextTimerAsync());
        clock.Advance(TotalTimeout);

        Assert.Equal(TotalTimeout, (await Assert.ThrowsAsync<TimeoutRejectedException>(() => put)).Timeout);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_attempt_that_times_out_is_retried()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.HangAsync);
        var clock = new Clock();

        var put = PutAsync(server.CreateClient(options => options.RetryDelay = TimeSpan.Zero, clock));
        await server.NextRequestAsync();
        clock.Advance(AttemptTimeout);
        await put;

        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_request_without_a_response_times_out_after_30_seconds_in_total()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat<RequestDelegate>(MyTomsServer.HangAsync, 5)]);
        var clock = new Clock();

        var put = PutAsync(server.CreateClient(options => options.RetryDelay = TimeSpan.Zero, clock));
        Assert.Equal(TotalTimeout, await clock.NextTimerAsync());
        for (var remaining = TotalTimeout; remaining > TimeSpan.Zero; remaining -= AttemptTimeout)
        {
            Assert.Equal(AttemptTimeout, await clock.NextTimerAsync());
            await server.NextRequestAsync();
            Assert.False(put.IsCompleted);
            clock.Advance(remaining < AttemptTimeout ? remaining : AttemptTimeout);
        }

        Assert.Equal(TotalTimeout, (await Assert.ThrowsAsync<TimeoutRejectedException>(() => put)).Timeout);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task The_client_does_not_wait_for_the_end_of_the_response_body()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.HangAfterHeadersAsync, MyTomsServer.HangAfterHeadersAsync);
        var myToms = server.CreateClient();
        await PutAsync(myToms).WaitAsync(TotalTimeout, TestContext.Current.CancellationToken);
        await DeleteAsync(myToms).WaitAsync(TotalTimeout, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_cancellation_stops_the_request_immediately()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.HangAsync);
        using var cancellation = new CancellationTokenSource();

        var delete = server.CreateClient().DeleteAsync(TestWorld.Oakland, cancellation.Token);
        await server.NextRequestAsync();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delete);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Neither_key_nor_token_is_logged_or_in_an_exception(bool usesScope)
    {
        using var logs = new CapturedLogs();
        await using var server = await MyTomsServer.StartAsync(
            MyTomsServer.Status(503), MyTomsServer.AbortAsync, MyTomsServer.Status(204), MyTomsServer.Status(403));
        var myToms = server.CreateClient(
            usesScope ? UseScope : null, logs: logs, identity: DelegatedTokenCredential.Create((_, _) => new AccessToken(Token, DateTimeOffset.MaxValue)));

        await PutAsync(myToms);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(myToms));

        var secret = usesScope ? Token : MyTomsServer.ApiKey;
        Assert.All(server.Requests, request => Assert.Contains(secret, $"{request.ApiKey} {request.Authorization}", StringComparison.Ordinal));
        Assert.Contains(logs.Lines, line => line.Contains(usesScope ? "Authorization: *" : $"{MyTomsRequest.ApiKeyHeader}: *", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.Lines.Append(failure.ToString()), line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://mytoms.example/api", "a key", null)]
    [InlineData("https://mytoms.example", null, Scope)]
    [InlineData("http://localhost:5000/dev/mytoms", "a key", null)]
    [InlineData("http://127.0.0.1", "a key", "")]
    [InlineData("http://[::1]", "", Scope)]
    public void Valid_options_pass_the_startup_validation(string baseUrl, string? apiKey, string? scope) => Validate(baseUrl, apiKey, scope);

    [Theory]
    [InlineData(null, "a key", null)]
    [InlineData("", "a key", null)]
    [InlineData("mytoms.example/api", "a key", null)]
    [InlineData("/api", "a key", null)]
    [InlineData("http://mytoms.example/api", "a key", null)]
    [InlineData("http://localhost.mytoms.example/api", "a key", null)]
    [InlineData("ftp://localhost/api", "a key", null)]
    [InlineData("https://mytoms.example/api", null, null)]
    [InlineData("https://mytoms.example/api", "", "")]
    [InlineData("https://mytoms.example/api", "a key", Scope)]
    public void Invalid_options_fail_the_startup_validation(string? baseUrl, string? apiKey, string? scope) =>
        Assert.Throws<OptionsValidationException>(() => Validate(baseUrl, apiKey, scope));

    private static void UseScope(MyTomsOptions options) => (options.ApiKey, options.Scope) = (null, Scope);

    private static Task PutAsync(MyToms myToms) => myToms.PutAsync(Announcement, TestContext.Current.CancellationToken);

    private static Task DeleteAsync(MyToms myToms) => myToms.DeleteAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    /// <summary>Validates the settings as a host does at startup.</summary>
    private static void Validate(string? baseUrl, string? apiKey, string? scope)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Credentialing:MyToms:BaseUrl"] = baseUrl,
            ["Credentialing:MyToms:ApiKey"] = apiKey,
            ["Credentialing:MyToms:Scope"] = scope,
        };
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddValidated<MyTomsOptions>(MyTomsOptions.Section);
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
    }

    /// <summary>A clock that does not advance, and that reports the timers set on it.</summary>
    private sealed class Clock : FakeTimeProvider
    {
        private readonly Channel<TimeSpan> timers = Channel.CreateUnbounded<TimeSpan>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(base.CreateTimer(callback, state, dueTime, period), Report);
            Report(dueTime);
            return timer;
        }

        /// <summary>Due time of the next timer that was not returned before. Waits for it if necessary.</summary>
        internal ValueTask<TimeSpan> NextTimerAsync() => timers.Reader.ReadAsync(TestContext.Current.CancellationToken);

        private void Report(TimeSpan dueTime)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
                timers.Writer.TryWrite(dueTime);
        }

        private sealed class Timer(ITimer timer, Action<TimeSpan> report) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                var changed = timer.Change(dueTime, period);
                report(dueTime);
                return changed;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
