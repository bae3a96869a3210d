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

    [Fact]
    public async Task A_single_fault_is_retried()
    {
        using var storage = new FailingStorage(failures: 1);

        Assert.Equal(200, await SendAsync(PipelineTo(storage)));

        Assert.Equal(2, storage.Requests);
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

    private HttpPipeline PipelineTo(FailingStorage storage) => HttpPipelineBuilder.Build(new TableClientOptions
    {
        Transport = new HttpClientTransport(new HttpClient(storage)),
        RetryPolicy = new StorageRetryPolicy(clock),
    });

    private static async Task<int> SendAsync(HttpPipeline pipeline)
    {
        using var request = pipeline.CreateRequest();
        request.Method = RequestMethod.Get;
        request.Uri.Reset(new Uri("https://account.table.core.windows.net/Leas"));
        using var response = await pipeline.SendRequestAsync(request, TestContext.Current.CancellationToken);
        return response.Status;
    }

    /// <summary>Returns 503 to the first requests, and then 200.</summary>
    private sealed class FailingStorage(int failures) : HttpMessageHandler
    {
        private int requests;

        internal int Requests => requests;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(Interlocked.Increment(ref requests) <= failures ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK));
    }
}
