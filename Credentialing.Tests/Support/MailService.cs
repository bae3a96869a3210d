using System.Collections.Concurrent;
using Credentialing.Core.Mail;

namespace Credentialing.Tests.Support;

/// <summary>A mail service that several instances of the app share. It keeps all that it was offered, and knows an email by its operation id.</summary>
public sealed class MailService(TimeProvider time)
{
    private readonly ConcurrentQueue<(Email Email, DateTimeOffset At)> offers = new();
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it has taken an email.</summary>
    public Task FirstOffer => first.Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>What it took, each time that it was offered, and when.</summary>
    public IReadOnlyList<(Email Email, DateTimeOffset At)> Offers => [.. offers];

    /// <summary>What it delivered: of each email the first offer.</summary>
    public IReadOnlyList<Email> Delivered => [.. offers.Select(offer => offer.Email).DistinctBy(email => email.OperationId)];

    /// <summary>The addresses that it takes nothing for.</summary>
    public ISet<string> Unknown { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The addresses for which it never answers.</summary>
    public ISet<string> Hangs { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The way to it from one instance of the app.</summary>
    public IEmailSender From(Outside outside) => new Sender(this, outside);

    private EmailOutcome Take(Email email)
    {
        var rejected = email.To.Select(recipient => recipient.Address).Where(Unknown.Contains).ToList();
        if (rejected.Count == email.To.Count)
            return new EmailOutcome.Refused();
        offers.Enqueue((email, time.GetUtcNow()));
        first.TrySetResult();
        return new EmailOutcome.Accepted(rejected);
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
                    outcome = service.Take(email);
                    return Task.CompletedTask;
                },
                status => outcome = status == 429 ? new EmailOutcome.Throttled(TimeSpan.FromMinutes(1)) : throw new IOException("The mail service is not well."));
            return outcome!;
        }
    }
}
