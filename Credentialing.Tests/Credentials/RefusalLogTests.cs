using System.Globalization;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Unit)]
public sealed class RefusalLogTests : IDisposable
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeLogger logger = new();
    private readonly RefusalLog log;

    public RefusalLogTests() => log = new RefusalLog(clock, logger);

    [Fact]
    public void Ten_thousand_refusals_within_a_minute_are_two_lines_with_their_number()
    {
        for (var refusal = 0; refusal < 10_000; refusal++)
            log.Add(TestWorld.Oakland, Refusal.Wrong);
        Assert.Equal(["01612590000000 1"], Lines());

        clock.Advance(RefusalLog.Interval);

        Assert.Equal(["01612590000000 1", "01612590000000 9999"], Lines());
        Assert.All(logger.Collector.GetSnapshot(), line => Assert.StartsWith("Vendor credentials for LEA 01612590000000 were refused: wrong", line.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_single_refusal_is_one_line_and_the_next_minute_begins_again()
    {
        for (var minute = 0; minute < 3; minute++)
        {
            log.Add(TestWorld.Oakland, Refusal.Wrong);
            clock.Advance(RefusalLog.Interval);
        }

        Assert.Equal(["01612590000000 1", "01612590000000 1", "01612590000000 1"], Lines());
    }

    [Fact]
    public void LEAs_and_reasons_are_counted_separately()
    {
        foreach (var reason in Enum.GetValues<Refusal>())
        {
            for (var refusal = 0; refusal < 3; refusal++)
            {
                log.Add(TestWorld.Oakland, reason);
                log.Add(TestWorld.Berkeley, reason);
            }
        }

        clock.Advance(RefusalLog.Interval);

        Assert.Equal(12, Lines().Count());
        foreach (var words in (string[])["wrong", "they have expired", "they have been revoked"])
            Assert.Equal(6, logger.Collector.GetSnapshot().Where(line => line.Message.Contains(words, StringComparison.Ordinal)).Sum(CountOf));
    }

    /// <summary>An attacker can send any username. The number of lines must not depend on the number of usernames.</summary>
    [Fact]
    public void The_refusals_of_many_LEAs_are_bounded_lines_and_no_refusal_is_missing()
    {
        for (var number = 0; number < 10_000; number++)
            log.Add(LeaId.Parse(string.Create(CultureInfo.InvariantCulture, $"{number:D14}")), Refusal.Wrong);

        clock.Advance(RefusalLog.Interval);

        Assert.Equal(RefusalLog.MaxLeas + 1, Lines().Count());
        Assert.Equal("(others) 9900", Lines().Last());
        Assert.Equal(10_000, logger.Collector.GetSnapshot().Sum(CountOf));
    }

    [Fact]
    public void Concurrent_refusals_are_all_counted_also_at_shutdown()
    {
        Parallel.For(0, 10_000, refusal =>
        {
            log.Add(refusal % 2 == 0 ? TestWorld.Oakland : TestWorld.Berkeley, Refusal.Expired);
            if (refusal % 1000 == 0)
                clock.Advance(RefusalLog.Interval);
        });
        log.Dispose();

        Assert.Equal(10_000, logger.Collector.GetSnapshot().Sum(CountOf));
        Assert.InRange(Lines().Count(), 2, 44);
    }

    public void Dispose() => log.Dispose();

    /// <summary>The LEA and the number of each line.</summary>
    private IEnumerable<string> Lines() => logger.Collector.GetSnapshot().Select(line =>
    {
        Assert.Equal(LogLevel.Warning, line.Level);
        return $"{line.GetStructuredStateValue("LeaId")} {line.GetStructuredStateValue("Count")}";
    });

    private static int CountOf(FakeLogRecord line) => int.Parse(line.GetStructuredStateValue("Count")!, CultureInfo.InvariantCulture);
}
