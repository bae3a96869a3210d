using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Storage;

/// <summary>The retries of storage requests, and their budget.</summary>
[Kind(TestKind.Unit)]
public sealed class StorageRetryPolicyTests
{
    /// <summary>The test does not advance it. The pipeline itself takes the start of a request from the system clock.</summary>
    private readonly FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_single_fault_is_retried(bool isAsync)
    {
        using var storage = new FailingStorage(failures: 1);

        Assert.Equal(200, await SendAsync(PipelineTo(storage), isAsync));

        Assert.Equal(2, storage.Requests);
    }

    /// <summary>A retry would begin up to 1.6 seconds later.</summary>
    [Theory]
    [InlineData(3.5, true, 2)]
    [InlineData(3.5, false, 2)]
    [InlineData(4.5, true, 1)]
    [InlineData(4.5, false, 1)]
    public async Task A_request_is_retried_only_if_time_is_left_and_each_attempt_has_the_rest_of_the_time(double seconds, bool isAsync, int requests)
    {
        using var storage = new FailingStorage(failures: 1, () => clock.Advance(TimeSpan.FromSeconds(seconds)));
        var timeouts = new NetworkTimeouts();

        await SendAsync(PipelineTo(storage, timeouts), isAsync);

        Assert.Equal(requests, storage.Requests);
        Assert.Equal(new[] { 5.5, 5.5 - seconds }.Take(requests), timeouts.Seconds, (expected, actual) => Math.Abs(expected - actual) < 0.5);
    }

    [Fact]
    public async Task In_an_outage_only_the_budget_is_retried()
    {
        using var storage = new FailingStorage(failures: int.MaxValue);
        var pipeline = PipelineTo(storage);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => SendAsync(pipeline)));

        Assert.All(statuses, status => Assert.Equal(503, status));
        Assert.Equal(30 + RetryBudget.AtOnce, storage.Requests);
    }

    [Fact]
    public void The_budget_grows_with_time_up_to_its_limit()
    {
        var budget = new RetryBudget(clock);

        Assert.Equal(RetryBudget.AtOnce, TakeAll(budget));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RetryBudget.PerSecond, TakeAll(budget));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RetryBudget.AtOnce, TakeAll(budget));
    }

    private static int TakeAll(RetryBudget budget)
    {
        var taken = 0;
        while (budget.TryTake())
            taken++;
        return taken;
    }

    private HttpPipeline PipelineTo(FailingStorage storage, params HttpPipelinePolicy[] policies)
    {
        var options = new TableClientOptions
        {
            Transport = new HttpClientTransport(new HttpClient(storage)),
            RetryPolicy = new StorageRetryPolicy(clock),
        };
        foreach (var policy in policies)
            options.AddPolicy(policy, HttpPipelinePosition.PerRetry);
        return HttpPipelineBuilder.Build(options);
    }

    private static async Task<int> SendAsync(HttpPipeline pipeline, bool isAsync = true)
    {
        using var request = pipeline.CreateRequest();
        request.Method = RequestMethod.Get;
        request.Uri.Reset(new Uri("https://account.table.core.windows.net/Leas"));
        using var response = isAsync
            ? await pipeline.SendRequestAsync(request, TestContext.Current.CancellationToken)
            : await Task.Run(() => pipeline.SendRequest(request, TestContext.Current.CancellationToken));
        return response.Status;
    }

    /// <summary>The time limit of each attempt, in seconds.</summary>
    private sealed class NetworkTimeouts : HttpPipelineSynchronousPolicy
    {
        private readonly List<double> seconds = [];

        internal IEnumerable<double> Seconds => seconds;

        public override void OnSendingRequest(HttpMessage message) => seconds.Add(message.NetworkTimeout!.Value.TotalSeconds);
    }

    /// <summary>Returns 503 to the first requests, and then 200.</summary>
    private sealed class FailingStorage(int failures, Action? receive = null) : HttpMessageHandler
    {
        private int requests;

        internal int Requests => requests;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            receive?.Invoke();
            return new HttpResponseMessage(Interlocked.Increment(ref requests) <= failures ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK);
        }
    }
}
