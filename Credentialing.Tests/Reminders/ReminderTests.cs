using Credentialing.Core.Credentials;
using Credentialing.Core.Mail;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Reminders;

/// <summary>Which reminder is due, for the claims that are stored.</summary>
[Kind(TestKind.Unit)]
public sealed class ReminderTests
{
    private const string Rosa = "rosa@lea.example";
    private const string Luis = "luis@lea.example";

    private static readonly DateTimeOffset GeneratedAt = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);

    private static readonly Credential Credential = new(
        TestWorld.Oakland, 2, new SecretKeyVerifier("1", new byte[32]), GeneratedAt, TestWorld.Rosa, GeneratedAt + Credential.Lifetime,
        new ReleaseAuthorization(TestWorld.Rosa, GeneratedAt, ReleaseWording.Current.Version));

    /// <summary>As after a clock that was ahead.</summary>
    [Fact]
    public void A_later_reminder_that_was_sent_stays_due_for_its_deferred_addresses_under_its_own_milestone()
    {
        var reminder = Due(reached: 7, Claim(3, isSent: true, deferred: [Luis]))!;
        Assert.Equal((3, Luis), (reminder.Milestone.Days, Assert.Single(reminder.Recipients).Email));
        Assert.Null(Due(reached: 7, Claim(3, isSent: true)));
    }

    [Fact]
    public void A_claim_that_was_not_sent_leaves_the_reminder_due_for_all_that_were_not_rejected()
    {
        var reminder = Due(reached: 7, Claim(7, rejected: [Luis]))!;
        Assert.Equal((7, Rosa), (reminder.Milestone.Days, Assert.Single(reminder.Recipients).Email));
        Assert.Equal([Rosa, Luis], Due(reached: 7, Claim(14, isSent: true))!.Recipients.Select(recipient => recipient.Email));
    }

    [Fact]
    public void The_rejected_addresses_are_those_of_the_last_reminder_that_was_sent_or_refused()
    {
        Assert.Equal([Luis], Rejected(Claim(14, isSent: true, rejected: [Luis]))); // sent to some
        Assert.Equal([Luis], Rejected(Claim(14, rejected: [Luis]))); // refused for all
        Assert.Equal([Luis], Rejected(Claim(14, isSent: true, rejected: [Luis]), Claim(7))); // the last one has no result yet
        Assert.Empty(Rejected(Claim(14, isSent: true, rejected: [Luis]), Claim(7, isSent: true)));
        Assert.Empty(Rejected(Claim(14, isSent: true, rejected: [Luis]) with { Generation = 1 }));
    }

    private static Reminder? Due(int reached, params ReminderClaim[] claims) => Reminder.Due(
        new CredentialStatus(CredentialState.Expiring, Credential, reached, ""), Milestone.Of(reached), "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis], claims, out _);

    private static IReadOnlyList<string> Rejected(params ReminderClaim[] claims) =>
        Reminder.AddressesOf(Credential, [TestWorld.Rosa, TestWorld.Luis], claims).Rejected;

    private static ReminderClaim Claim(int days, bool isSent = false, string[]? rejected = null, string[]? deferred = null) => new(2, Milestone.Of(days)!.Value, new EmailClaim
    {
        ClaimedUntil = GeneratedAt,
        SentAt = isSent ? GeneratedAt : null,
        Rejected = rejected ?? [],
        Deferred = deferred ?? [],
    });
}
