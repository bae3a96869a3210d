using Credentialing.Core.Mail;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Mail;

public sealed class EmailDeliveryTests
{
    private static readonly Email Email = new(
        Guid.NewGuid(), [new EmailRecipient("Rosa Delgado", "rosa@lea.example")], "Subject", "Text", "<p>Text</p>", new EmailAttachment("file.ics", "text/calendar", default));

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2027, 11, 9, 14, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(0, 5)]
    [InlineData(60, 60)]
    public async Task A_service_that_has_had_enough_is_left_alone_as_long_as_it_asks_and_never_not_at_all(int asked, int left)
    {
        var sender = new Sender(new EmailOutcome.Throttled(TimeSpan.FromSeconds(asked)));
        var delivery = Delivery(sender);

        var first = await DeliverAsync(delivery, Email);
        clock.Advance(TimeSpan.FromSeconds(left) - TimeSpan.FromTicks(1));
        var second = await DeliverAsync(delivery, Email);
        Assert.Equal([typeof(EmailOutcome.Throttled), typeof(EmailOutcome.Throttled)], [first.GetType(), second.GetType()]);
        Assert.Single(sender.Offers);

        clock.Advance(TimeSpan.FromTicks(1));
        await DeliverAsync(delivery, Email);
        Assert.Equal(2, sender.Offers.Count);
    }

    [Fact]
    public async Task An_email_that_is_offered_again_says_so()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 2 };

        Assert.IsType<EmailOutcome.Accepted>(await DeliverAsync(Delivery(sender), Email));

        Assert.Equal([false, true, true], sender.Offers.Select(offer => offer.IsRepeated));
        Assert.Single(sender.Offers.Select(offer => offer.OperationId).Distinct());
    }

    [Fact]
    public async Task A_service_that_goes_on_failing_fails_the_email_after_its_retries()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 3 };

        await Assert.ThrowsAsync<IOException>(() => DeliverAsync(Delivery(sender), Email));

        Assert.Equal(3, sender.Offers.Count);
    }

    [Fact]
    public async Task Failures_that_concern_one_email_are_not_retried_and_do_not_open_the_circuit()
    {
        var sender = new Sender(new EmailOutcome.Accepted([], [])) { Failures = 10, Failure = new MailServiceException("400") { ConcernsOnlyThisEmail = true } };
        var delivery = Delivery(sender);
        for (var email = 1; email <= 10; email++)
            await Assert.ThrowsAsync<MailServiceException>(() => DeliverAsync(delivery, Email));
        Assert.Equal(10, sender.Offers.Count);

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
            sender.OnOffer = source.Cancel;
            await Assert.ThrowsAnyAsync<Exception>(() => delivery.DeliverAsync(Email, clock.GetUtcNow().AddMinutes(5), source.Token));
        }

        sender.OnOffer = null;
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
        public List<Email> Offers { get; } = [];

        public int Failures { get; init; }

        public Exception Failure { get; init; } = new IOException("It failed.");

        public Action? OnOffer { get; set; }

        public Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
        {
            Offers.Add(email);
            OnOffer?.Invoke();
            return Offers.Count <= Failures ? Task.FromException<EmailOutcome>(Failure) : Task.FromResult(outcome);
        }
    }
}
