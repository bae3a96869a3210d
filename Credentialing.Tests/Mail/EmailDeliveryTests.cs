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

    private EmailDelivery Delivery(Sender sender) => new(sender, Options.Create(new MailOptions { RetryDelay = TimeSpan.Zero }), clock);

    private Task<EmailOutcome> DeliverAsync(EmailDelivery delivery, Email email) =>
        delivery.DeliverAsync(email, clock.GetUtcNow().AddMinutes(5), TestContext.Current.CancellationToken);

    /// <summary>A sender that fails a number of times and then returns the outcome.</summary>
    private sealed class Sender(EmailOutcome outcome) : IEmailSender
    {
        public List<Email> Attempts { get; } = [];

        public int Failures { get; init; }

        public Exception Failure { get; init; } = new IOException("It failed.");

        public Action? OnAttempt { get; set; }

        public Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
        {
            Attempts.Add(email);
            OnAttempt?.Invoke();
            return Attempts.Count <= Failures ? Task.FromException<EmailOutcome>(Failure) : Task.FromResult(outcome);
        }
    }
}
