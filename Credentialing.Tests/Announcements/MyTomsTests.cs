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

public sealed class MyTomsTests
{
    private const string Scope = "api://mytoms/.default";
    private const string Token = "the-token-of-the-tests";

    private static readonly TimeSpan Total = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(8);

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
    public async Task Every_request_bears_the_API_key_and_nothing_else()
    {
        await using var server = await MyTomsServer.StartAsync();
        var myToms = server.Connect();

        await PutAsync(myToms);
        await DeleteAsync(myToms);

        Assert.Equal(
            [("PUT", "/base/announcements/01612590000000"), ("DELETE", "/base/announcements/01612590000000")],
            server.Requests.Select(request => (request.Method, request.Path)));
        Assert.All(server.Requests, request => Assert.Equal((MyTomsServer.ApiKey, null), (request.ApiKey, request.Authorization)));
    }

    [Fact]
    public async Task With_a_scope_every_attempt_bears_a_token_of_the_apps_identity_instead()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(503));
        List<string> asked = [];
        var myToms = server.Connect(UseScope, identity: DelegatedTokenCredential.Create((context, _) =>
        {
            asked.AddRange(context.Scopes);
            return new AccessToken($"{Token}-{asked.Count}", DateTimeOffset.MaxValue);
        }));

        await PutAsync(myToms);
        await DeleteAsync(myToms);

        Assert.Equal([Scope, Scope, Scope], asked);
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
    public async Task What_may_pass_is_tried_again_with_the_very_same_request(int status)
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(status), 3)]);

        await PutAsync(server.Connect());

        Assert.Equal(4, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Equal((MyTomsServer.ApiKey, server.Requests[0].Body), (request.ApiKey, request.Body)));
        Assert.NotEmpty(server.Requests[0].Body);
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.AbortAsync, MyTomsServer.AbortAsync);
        await DeleteAsync(server.Connect());
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task What_does_not_pass_is_an_exception_after_three_more_attempts()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(503), 5)]);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(server.Connect()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.StatusCode);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task A_MyTOMS_that_is_away_altogether_is_left_alone_for_half_a_minute()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(503), 10)]);
        var clock = new Clock();
        var myToms = server.Connect(options => options.RetryDelay = TimeSpan.Zero, clock);
        for (var time = 0; time < 2; time++)
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
    public async Task What_will_not_pass_is_an_exception_at_once(int status)
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status), MyTomsServer.Status(status));
        var myToms = server.Connect();

        foreach (var ask in (Func<MyToms, Task>[])[PutAsync, DeleteAsync])
            Assert.Equal(status, (int?)(await Assert.ThrowsAsync<HttpRequestException>(() => ask(myToms))).StatusCode);

        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(204)]
    public async Task Any_success_will_do(int status)
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status), MyTomsServer.Status(status));
        var myToms = server.Connect();
        await PutAsync(myToms);
        await DeleteAsync(myToms);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Nothing_to_remove_is_as_good_as_removed_and_nowhere_to_put_is_not()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(404), MyTomsServer.Status(404));
        var myToms = server.Connect();
        await DeleteAsync(myToms);
        await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(myToms));
        Assert.Equal(2, server.Requests.Count);
    }

    /// <summary>Following a redirect would send the key to another server. A sign-in page that returns 200 is not a success.</summary>
    [Theory]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    public async Task A_redirection_is_not_followed(int status)
    {
        await using var elsewhere = await MyTomsServer.StartAsync();
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status, location: elsewhere.BaseUrl));
        await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(server.Connect()));
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_MyTOMS_that_says_when_to_try_again_is_asked_again_then(int status)
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(status, retryAfter: "17"));
        var clock = new Clock();

        var putting = PutAsync(server.Connect(time: clock));
        foreach (var timer in (TimeSpan[])[Total, Attempt, TimeSpan.FromSeconds(17)])
            Assert.Equal(timer, await clock.NextTimerAsync());
        clock.Advance(TimeSpan.FromSeconds(17) - TimeSpan.FromTicks(1));
        Assert.Single(server.Requests);
        clock.Advance(TimeSpan.FromTicks(1));
        await putting;

        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_MyTOMS_that_asks_for_more_time_than_there_is_gets_no_second_request()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.Status(429, retryAfter: "3600"));
        var clock = new Clock();

        var putting = PutAsync(server.Connect(time: clock));
        foreach (var timer in (TimeSpan[])[Total, Attempt, TimeSpan.FromHours(1)])
            Assert.Equal(timer, await clock.NextTimerAsync());
        clock.Advance(Total);

        Assert.Equal(Total, (await Assert.ThrowsAsync<TimeoutRejectedException>(() => putting)).Timeout);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_followed_by_another()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.HangAsync);
        var clock = new Clock();

        var putting = PutAsync(server.Connect(options => options.RetryDelay = TimeSpan.Zero, clock));
        await server.NextAsync();
        clock.Advance(Attempt);
        await putting;

        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_MyTOMS_that_never_answers_ends_in_a_timeout_after_30_seconds_in_all()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat<RequestDelegate>(MyTomsServer.HangAsync, 5)]);
        var clock = new Clock();

        var putting = PutAsync(server.Connect(options => options.RetryDelay = TimeSpan.Zero, clock));
        Assert.Equal(Total, await clock.NextTimerAsync());
        for (var left = Total; left > TimeSpan.Zero; left -= Attempt)
        {
            Assert.Equal(Attempt, await clock.NextTimerAsync());
            await server.NextAsync();
            Assert.False(putting.IsCompleted);
            clock.Advance(left < Attempt ? left : Attempt);
        }

        Assert.Equal(Total, (await Assert.ThrowsAsync<TimeoutRejectedException>(() => putting)).Timeout);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task An_answer_whose_body_never_ends_is_not_waited_for()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.HangHalfWayAsync, MyTomsServer.HangHalfWayAsync);
        var myToms = server.Connect();
        await PutAsync(myToms).WaitAsync(Total, TestContext.Current.CancellationToken);
        await DeleteAsync(myToms).WaitAsync(Total, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_cancels_does_not_wait()
    {
        await using var server = await MyTomsServer.StartAsync(MyTomsServer.HangAsync);
        using var cancellation = new CancellationTokenSource();

        var deleting = server.Connect().DeleteAsync(TestWorld.Oakland, cancellation.Token);
        await server.NextAsync();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => deleting);
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
        var myToms = server.Connect(
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
    public void Options_that_can_work_are_taken(string baseUrl, string? apiKey, string? scope) => Validate(baseUrl, apiKey, scope);

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
    public void Options_that_cannot_work_keep_a_host_from_starting(string? baseUrl, string? apiKey, string? scope) =>
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
            var timer = new Timer(base.CreateTimer(callback, state, dueTime, period), Tell);
            Tell(dueTime);
            return timer;
        }

        /// <summary>Due time of the next timer that was not returned before. Waits for it if necessary.</summary>
        internal ValueTask<TimeSpan> NextTimerAsync() => timers.Reader.ReadAsync(TestContext.Current.CancellationToken);

        private void Tell(TimeSpan dueTime)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
                timers.Writer.TryWrite(dueTime);
        }

        private sealed class Timer(ITimer timer, Action<TimeSpan> tell) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                var changed = timer.Change(dueTime, period);
                tell(dueTime);
                return changed;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
