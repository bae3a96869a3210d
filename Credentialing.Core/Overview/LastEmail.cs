using System.Text.Json.Serialization;
using Credentialing.Core.Mail;

namespace Credentialing.Core.Overview;

/// <summary>The result of an email to an LEA's coordinators. The attributes contain its names in JSON.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EmailResult>))]
public enum EmailResult
{
    /// <summary>The mail service accepted it for all addresses.</summary>
    [JsonStringEnumMemberName("sent")]
    Sent,

    /// <summary>The mail service accepted it for some addresses and refused it for others. Only a person can correct those.</summary>
    [JsonStringEnumMemberName("partly-refused")]
    PartlyRefused,

    /// <summary>The mail service refused all addresses. Only a person can correct them.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>The mail service accepted it for some addresses, and deferred others.</summary>
    [JsonStringEnumMemberName("deferred")]
    Deferred,

    /// <summary>It is not sent yet: the mail service throttles or is unavailable, or the email is being sent.</summary>
    [JsonStringEnumMemberName("not-sent")]
    NotSent,

    /// <summary>It was due, but no coordinator had an address.</summary>
    [JsonStringEnumMemberName("no-recipient")]
    NoRecipient,
}

/// <summary>The last email to an LEA's coordinators: a reminder, or a notice of a change.</summary>
/// <param name="Milestone">Of a reminder: days before the expiration, zero or negative after it. Null for a notice.</param>
/// <param name="At">When the mail service last accepted or refused it; null if it has done neither.</param>
/// <param name="Result">The result.</param>
/// <param name="Refused">The addresses that the mail service refused permanently.</param>
public sealed record LastEmail(int? Milestone, DateTimeOffset? At, EmailResult Result, IReadOnlyList<string> Refused)
{
    internal static LastEmail Of(EmailClaim claim, int? milestone, bool hasRecipient) => new(
        milestone,
        claim.SentAt ?? (claim.Rejected.Count > 0 ? claim.ClaimedUntil : null),
        claim switch
        {
            { SentAt: not null, Deferred.Count: > 0 } => EmailResult.Deferred,
            { SentAt: not null, Rejected.Count: > 0 } => EmailResult.PartlyRefused,
            { SentAt: not null } => EmailResult.Sent,
            { Rejected.Count: > 0 } => EmailResult.Refused,
            _ => hasRecipient ? EmailResult.NotSent : EmailResult.NoRecipient,
        },
        claim.Rejected);
}
