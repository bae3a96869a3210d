using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>An LEA's one set of vendor credentials, as it is stored: without the secret key.</summary>
/// <param name="LeaId">Whose it is.</param>
/// <param name="Generation">1 for the first credentials of an LEA, one more at each regeneration.</param>
/// <param name="Verifier">What the secret key is checked against.</param>
/// <param name="GeneratedAt">When it was generated, in whole seconds.</param>
/// <param name="GeneratedBy">Who generated it.</param>
/// <param name="ExpiresAt">The first instant at which it no longer works.</param>
/// <param name="Authorization">The authorization that it was generated under.</param>
/// <param name="LastUsedOn">The last date at the LEA on which its secret key was used; null before the first use.</param>
public sealed record Credential(
    LeaId LeaId,
    int Generation,
    SecretKeyVerifier Verifier,
    DateTimeOffset GeneratedAt,
    Coordinator GeneratedBy,
    DateTimeOffset ExpiresAt,
    ReleaseAuthorization Authorization,
    DateOnly? LastUsedOn)
{
    /// <summary>How long credentials last: 365 times 24 hours.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>The username that goes with the secret key.</summary>
    public Username Username => new(LeaId);

    /// <summary>Whether it no longer works at <paramref name="now"/>.</summary>
    public bool HasExpired(DateTimeOffset now) => now >= ExpiresAt;
}
