using Credentialing.Core.Mail;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Mail;

[Kind(TestKind.Unit)]
public sealed class EmailDeliveryTests
{
    private static readonly Email Email = new(
        Guid.NewGuid(), [new EmailRecipient("Rosa Delgado", "rosa@lea.example")], "Subject", "Text", "<p>Text</p>", new EmailAttachment("file.ics", "text/calendar", default));

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2027, 11, 9, 14, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(0, 5)]
    [InlineData(60, 60)]
    public async Task A_throttled_service_is_not_called_until_Retry_After_but_at_least_5_seconds_have_passed(int retryAfter, int pause)
    {
        var sender = new Sender(new EmailOutcome.Throttled(TimeSpan.FromSeconds(retryAfter)));
        var delivery = Delivery(sender);

        var first = await DeliverAsync(delivery, Email);
        clock.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromTicks(1));
        var second = await DeliverAsync(delivery, Email);
        Assert.Equal([typeof(EmailOutcome.Throttled), typeof(EmailOutcome.Throttled)], [first.GetType(), second.GetType()]);
        Assert.Single(sender.Attempts);

        clock.Advance(TimeSpan.FromTicks(1));
        await DeliverAsync(delivery, Email);
        Assert.Equal(2, sender.Attempts.Count);
    }

    [Fact]
    public async Task A_later_shorter_pause_of_the_service_does_not_end_the_longer_one()
    {
        var start = clock.GetUtcNow();
        var slow = new TaskCompletionSource<EmailOutcome>();
        var pauses = new Queue<Task<EmailOutcome>>([slow.Task, Task.FromResult<EmailOutcome>(new EmailOutcome.Throttled(TimeSpan.FromMinutes(1)))]);
        var delivery = Delivery(new Sender(_ => pauses.Dequeue()));

        var first = DeliverAsync(delivery, Email);
        await DeliverAsync(delivery, Email);
        slow.SetResult(new EmailOutcome.Throttled(TimeSpan.FromSeconds(10)));
        await first;

        Assert.Equal(start + TimeSpan.FromMinutes(1), delivery.PausedUntil);
    }

    [Fact]
    public async Task A_retried_email_is_marked_as_repeated()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 2 };

        Assert.IsType<EmailOutcome.Accepted>(await DeliverAsync(Delivery(sender), Email));

        Assert.Equal([false, true, true], sender.Attempts.Select(attempt => attempt.IsRepeated));
        Assert.Single(sender.Attempts.Select(attempt => attempt.OperationId).Distinct());
    }

    [Fact]
    public async Task DeliverAsync_throws_after_its_retries()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 3 };

        await Assert.ThrowsAsync<IOException>(() => DeliverAsync(Delivery(sender), Email));

        Assert.Equal(3, sender.Attempts.Count);
    }

    [Fact]
    public async Task Failures_that_concern_one_email_are_not_retried_and_do_not_open_the_circuit()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 10, Failure = new MailServiceException("400") { ConcernsOnlyThisEmail = true } };
        var delivery = Delivery(sender);
        for (var email = 1; email <= 10; email++)
            await Assert.ThrowsAsync<MailServiceException>(() => DeliverAsync(delivery, Email));
        Assert.Equal(10, sender.Attempts.Count);

        Assert.IsType<EmailOutcome.Accepted>(await DeliverAsync(delivery, Email));
    }

    [Fact]
    public async Task Cancellations_by_the_caller_do_not_open_the_circuit()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 10 };
        var delivery = Delivery(sender);
        for (var email = 1; email <= 10; email++)
        {
            using var source = new CancellationTokenSource();
            sender.OnAttempt = source.Cancel;
            await Assert.ThrowsAnyAsync<Exception>(() => delivery.DeliverAsync(Email, clock.GetUtcNow().AddMinutes(5), source.Token));
        }

        sender.OnAttempt = null;
        Assert.IsType<EmailOutcome.Accepted>(await DeliverAsync(delivery, Email));
    }

    [Fact]
    public async Task Failures_of_the_service_open_the_circuit()
    {
        var delivery = Delivery(new Sender(new EmailOutcome.Accepted([], [])) { Failures = 6 });
        await Assert.ThrowsAsync<IOException>(() => DeliverAsync(delivery, Email));
        await Assert.ThrowsAsync<IOException>(() => DeliverAsync(delivery, Email));

        Assert.IsType<EmailOutcome.Throttled>(await DeliverAsync(delivery, Email));
    }

    /// <summary>Each message is accepted (with a rejected or deferred address), refused, throttled, or fails.</summary>
    [Theory]
    [InlineData("accepted", "accepted", "accepted", "", "")]
    [InlineData("accepted", "refused", "accepted", "1", "")]
    [InlineData("refused", "accepted", "accepted", "0", "")]
    [InlineData("accepted", "throttled", "accepted", "", "1")]
    [InlineData("throttled", "accepted", "throttled", "", "")] // nothing is sent during the pause
    [InlineData("accepted", "failed", "accepted", "", "1")]
    [InlineData("failed", "accepted", "accepted", "", "0")]
    [InlineData("refused", "refused", "refused", "", "")]
    [InlineData("refused", "throttled", "throttled", "", "")]
    [InlineData("throttled", "throttled", "throttled", "", "")]
    [InlineData("failed", "refused", "exception", "", "")]
    [InlineData("refused", "failed", "exception", "", "")]
    [InlineData("failed", "throttled", "exception", "", "")]
    [InlineData("one rejected", "one deferred", "accepted", "x0", "x1")]
    [InlineData("one rejected", "refused", "accepted", "x0 1", "")]
    [InlineData("one deferred", "failed", "accepted", "", "x0 1")]
    public async Task An_email_in_two_languages_is_accepted_if_one_message_is_and_the_others_are_deferred(
        string first, string second, string expected, string rejected, string deferred)
    {
        Email[] messages = [.. ((string[])["0", "1"]).Select(name => Email with { OperationId = Guid.NewGuid(), To = [new EmailRecipient("", name), new EmailRecipient("", $"x{name}")] })];
        var results = new Dictionary<Guid, string> { [messages[0].OperationId] = first, [messages[1].OperationId] = second };
        var delivery = Delivery(new Sender(email => Task.FromResult(ResultOf(results[email.OperationId], email))));

        EmailOutcome? outcome = null;
        var thrown = await Record.ExceptionAsync(async () => outcome = await delivery.DeliverAsync(messages, clock.GetUtcNow().AddMinutes(5), TestContext.Current.CancellationToken));

        Assert.Equal(expected, outcome switch
        {
            EmailOutcome.Accepted => "accepted",
            EmailOutcome.Refused => "refused",
            EmailOutcome.Throttled => "throttled",
            _ => "exception",
        });
        Assert.Equal(expected is "exception", thrown is MailServiceException);
        if (outcome is EmailOutcome.Accepted accepted)
            Assert.Equal((Addresses(rejected), Addresses(deferred)), (string.Join(' ', accepted.Rejected), string.Join(' ', accepted.Deferred)));

        // A whole message: both of its addresses.
        static string Addresses(string names) => names.Replace("x0", "X", StringComparison.Ordinal).Replace("x1", "Y", StringComparison.Ordinal)
            .Replace("0", "0 x0", StringComparison.Ordinal).Replace("1", "1 x1", StringComparison.Ordinal).Replace("X", "x0", StringComparison.Ordinal).Replace("Y", "x1", StringComparison.Ordinal);

        static EmailOutcome ResultOf(string result, Email email) => result switch
        {
            "accepted" => new EmailOutcome.Accepted([], []),
            "one rejected" => new EmailOutcome.Accepted([email.To[1].Address], []),
            "one deferred" => new EmailOutcome.Accepted([], [email.To[1].Address]),
            "refused" => new EmailOutcome.Refused(),
            "throttled" => new EmailOutcome.Throttled(TimeSpan.FromMinutes(1)),
            _ => throw new MailServiceException("400") { ConcernsOnlyThisEmail = true },
        };
    }

    [Fact]
    public async Task A_cancelled_email_in_two_languages_throws_even_if_one_message_was_accepted()
    {
        using var source = new CancellationTokenSource();
        var sends = 0;
        var delivery = Delivery(new Sender(_ =>
        {
            if (++sends == 1)
                return Task.FromResult<EmailOutcome>(new EmailOutcome.Accepted([], []));
            source.Cancel();
            throw new OperationCanceledException(source.Token);
        }));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            delivery.DeliverAsync([Email, Email with { OperationId = Guid.NewGuid() }], clock.GetUtcNow().AddMinutes(5), source.Token));
    }

    private EmailDelivery Delivery(Sender sender) => new(sender, Options.Create(new MailOptions { RetryDelay = TimeSpan.Zero }), clock);

    private Task<EmailOutcome> DeliverAsync(EmailDelivery delivery, Email email) =>
        delivery.DeliverAsync(email, clock.GetUtcNow().AddMinutes(5), TestContext.Current.CancellationToken);

    /// <summary>A sender that fails a number of times and then returns the outcome.</summary>
    private sealed class Sender(Func<Email, Task<EmailOutcome>> outcome) : IEmailSender
    {
        public Sender(EmailOutcome outcome)
            : this(_ => Task.FromResult(outcome))
        {
        }

        public List<Email> Attempts { get; } = [];

        public int Failures { get; init; }

        public Exception Failure { get; init; } = new IOException("It failed.");

        public Action? OnAttempt { get; set; }

        public Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
        {
            Attempts.Add(email);
            OnAttempt?.Invoke();
            return Attempts.Count <= Failures ? Task.FromException<EmailOutcome>(Failure) : outcome(email);
        }
    }
}
