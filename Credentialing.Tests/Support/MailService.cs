using System.Collections.Concurrent;
using Credentialing.Core.Mail;

namespace Credentialing.Tests.Support;

/// <summary>A fake mail service shared by several app instances. Records accepted emails and deduplicates by operation id.</summary>
public sealed class MailService(TimeProvider time)
{
    private readonly ConcurrentQueue<(Email Email, DateTimeOffset At)> offers = new();
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first email has been accepted.</summary>
    public Task FirstAccepted => first.Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Every accepted send, including duplicates, with its time.</summary>
    public IReadOnlyList<(Email Email, DateTimeOffset At)> Offers => [.. offers];

    /// <summary>The emails delivered: the first send of each operation id.</summary>
    public IReadOnlyList<Email> Delivered => [.. offers.Select(offer => offer.Email).DistinctBy(email => email.OperationId)];

    /// <summary>Addresses that it rejects.</summary>
    public ISet<string> Unknown { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Addresses that it rejects for now.</summary>
    public ISet<string> Busy { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Addresses for which a send never gets a response.</summary>
    public ISet<string> Hangs { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The email sender for one app instance.</summary>
    public IEmailSender From(Outside outside) => new Sender(this, outside);

    private EmailOutcome Accept(Email email)
    {
        var rejected = email.To.Select(recipient => recipient.Address).Where(Unknown.Contains).ToList();
        if (rejected.Count == email.To.Count)
            return new EmailOutcome.Refused();
        offers.Enqueue((email, time.GetUtcNow()));
        first.TrySetResult();
        return new EmailOutcome.Accepted(rejected, [.. email.To.Select(recipient => recipient.Address).Where(Busy.Contains)]);
    }

    private sealed class Sender(MailService service, Outside outside) : IEmailSender
    {
        public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
        {
            EmailOutcome? outcome = null;
            if (email.To.Any(recipient => service.Hangs.Contains(recipient.Address)))
                await outside.Clock.HangAsync(cancellationToken);
            await outside.CallAsync(
                Called.Mail,
                Fault.None,
                () =>
                {
                    outcome = service.Accept(email);
                    return Task.CompletedTask;
                },
                status => outcome = status == 429 ? new EmailOutcome.Throttled(TimeSpan.FromMinutes(1)) : throw new IOException("The mail service is unavailable."));
            return outcome!;
        }
    }
}
