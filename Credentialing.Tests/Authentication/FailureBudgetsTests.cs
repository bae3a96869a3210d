using Credentialing.Functions.Authentication;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Authentication;

[Kind(TestKind.Unit)]
public sealed class FailureBudgetsTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public void Twice_as_many_failures_as_per_minute_are_allowed_at_once_and_then_one_after_each_wait()
    {
        var budgets = new FailureBudgets<string>(perMinute: 10, clock);

        for (var failure = 0; failure < 20; failure++)
            Assert.Equal(TimeSpan.Zero, budgets.Add("a"));
        for (var repetition = 0; repetition < 3; repetition++)
        {
            var wait = budgets.Add("a");
            Assert.Equal(6, wait.TotalSeconds, tolerance: 0.001);
            clock.Advance(wait - TimeSpan.FromSeconds(1));
            Assert.Equal(1, budgets.Add("a").TotalSeconds, tolerance: 0.001); // a refused failure does not prolong the wait
            clock.Advance(TimeSpan.FromSeconds(1.001));
            Assert.Equal(TimeSpan.Zero, budgets.Add("a"));
        }

        Assert.Equal(TimeSpan.Zero, budgets.Add("b"));
    }

    [Fact]
    public void Failures_of_many_keys_use_bounded_memory_and_do_not_renew_the_budget_of_a_key_with_recent_failures()
    {
        var budgets = new FailureBudgets<int>(perMinute: 1, clock);
        budgets.Add(-1);
        budgets.Add(-1);

        for (var key = 0; key < 5 * FailureBudgets<int>.MaxTracked; key++)
        {
            Assert.Equal(TimeSpan.Zero, budgets.Add(key));
            if (key % 1000 == 0)
                Assert.NotEqual(TimeSpan.Zero, budgets.Add(-1));
        }

        Assert.InRange(budgets.Count, 1, FailureBudgets<int>.MaxTracked);
    }

    [Fact]
    public void Keys_without_failures_for_some_minutes_are_forgotten()
    {
        var budgets = new FailureBudgets<int>(perMinute: 1, clock);
        for (var key = 0; key < 100; key++)
            budgets.Add(key);

        for (var minute = 0; minute < 5; minute++)
        {
            budgets.Add(-1);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(1, budgets.Count);
    }

    [Fact]
    public void Concurrent_failures_are_all_counted()
    {
        var budgets = new FailureBudgets<int>(perMinute: 50, clock);
        var allowed = 0;

        Parallel.For(0, 10_000, failure =>
        {
            if (budgets.Add(failure % 10) == TimeSpan.Zero)
                Interlocked.Increment(ref allowed);
        });

        Assert.Equal(10 * 100, allowed);
    }
}
