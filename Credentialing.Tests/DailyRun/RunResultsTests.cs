using Credentialing.Core.DailyRun;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DailyRun;

[Kind(TestKind.Unit)]
public sealed class RunResultsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);
    private static readonly DueLea Oakland = new(TestWorld.Oakland, []);
    private static readonly DueLea Berkeley = new(TestWorld.Berkeley, []);

    private readonly RunResults results = new();

    [Fact]
    public void An_LEA_in_several_pages_and_with_retries_counts_once_with_all_that_was_done_for_it()
    {
        results.AddKnown([Oakland.Id, Berkeley.Id]);
        results.AddKnown([Oakland.Id]);
        results.Record(Oakland, new() { Sent = true, Notices = 1, Rejected = 2, DaysRemaining = 14, RetryAt = Now }, []);
        results.Record(Oakland, new() { Posted = true, Notices = 2, Rejected = 1, DaysRemaining = 13 }, []);
        results.Record(Berkeley, new() { DaysRemaining = 0 }, []);

        var summary = results.Summary(TimeSpan.Zero);

        Assert.Equal(2, results.Known);
        Assert.Equal((2, 1, 1, 0, 1, 3, 2), (summary.Leas, summary.Sent, summary.Posted, summary.Removed, summary.Skipped, summary.Notices, summary.Rejected));
        Assert.Equal([0, 13], results.DaysRemaining.Order());
        Assert.Equal([TestWorld.Oakland], summary.Emailed);
        Assert.Empty(summary.Failures);
    }

    [Fact]
    public void A_retry_replaces_the_failures_and_the_time_of_the_retry()
    {
        results.Record(Oakland, new() { RetryAt = Now.AddSeconds(10), Failures = [("One.", null)] }, [new("01612590000000", "One.")]);
        results.Record(Berkeley, LeaResult.Failed("Two.", null), [new("01611430000000", "Two.")]);

        Assert.Equal(Now.AddSeconds(10), results.NextRetryAt);
        Assert.Empty(results.DueForRetry(Now));
        Assert.Same(Oakland, Assert.Single(results.DueForRetry(Now.AddSeconds(10))));
        Assert.Equal((2, 0), (results.Summary(TimeSpan.Zero).Failures.Count, results.Summary(TimeSpan.Zero).Skipped));

        results.Record(Oakland, new() { WithoutRecipient = true }, []);
        Assert.Null(results.NextRetryAt);
        Assert.Equal("Two.", Assert.Single(results.Summary(TimeSpan.Zero).Failures).What);
        Assert.Equal((1, 0), (results.Summary(TimeSpan.Zero).WithoutRecipient, results.Summary(TimeSpan.Zero).Skipped));
    }
}
