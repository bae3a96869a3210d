using System.Collections.Concurrent;
using Credentialing.Core.Mail;

namespace Credentialing.Tests.Support;

/// <summary>A fake mail service shared by several app instances. Records accepted emails and deduplicates by operation id.</summary>
public sealed class MailService(TimeProvider time)
{
    private readonly ConcurrentQueue<(Email Email, DateTimeOffset At)> sends = new();
    private readonly ConcurrentQueue<(Email Email, DateTimeOffset At)> notices = new();
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first email has been accepted.</summary>
    public Task FirstAccepted => first.Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Every accepted send of a notice of a change, including duplicates, with its time. Notices have no attachment.</summary>
    public IReadOnlyList<(Email Email, DateTimeOffset At)> Notices => [.. notices];

    /// <summary>Every accepted send of a reminder, including duplicates, with its time. Reminders have a calendar attachment.</summary>
    public IReadOnlyList<(Email Email, DateTimeOffset At)> Sends => [.. sends];

    /// <summary>The reminders delivered: the first send of each operation id.</summary>
    public IReadOnlyList<Email> Delivered => [.. sends.Select(send => send.Email).DistinctBy(email => email.OperationId)];

    /// <summary>Addresses that it rejects.</summary>
    public ISet<string> RejectedAddresses { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Addresses that it rejects for now.</summary>
    public ISet<string> DeferredAddresses { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Addresses for which a send never gets a response.</summary>
    public ISet<string> HangingAddresses { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The email sender for one app instance.</summary>
    public IEmailSender From(ExternalCalls calls) => new Sender(this, calls);

    private EmailOutcome Accept(Email email)
    {
        var rejected = email.To.Select(recipient => recipient.Address).Where(RejectedAddresses.Contains).ToList();
        if (rejected.Count == email.To.Count)
            return new EmailOutcome.Refused();
        (email.Attachment is null ? notices : sends).Enqueue((email, time.GetUtcNow()));
        first.TrySetResult();
        return new EmailOutcome.Accepted(rejected, [.. email.To.Select(recipient => recipient.Address).Where(DeferredAddresses.Contains)]);
    }

    private sealed class Sender(MailService service, ExternalCalls calls) : IEmailSender
    {
        public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
        {
            EmailOutcome? outcome = null;
            if (email.To.Any(recipient => service.HangingAddresses.Contains(recipient.Address)))
                await calls.Clock.HangAsync(cancellationToken);
            await calls.CallAsync(
                ExternalService.Mail,
                Fault.None,
                () =>
                {
                    calls.Apply(() => outcome = service.Accept(email));
                    return Task.CompletedTask;
                },
                status => outcome = status == 429 ? new EmailOutcome.Throttled(TimeSpan.FromMinutes(1)) : throw new IOException("The mail service is unavailable."));
            return outcome!;
        }
    }
}
