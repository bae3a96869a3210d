using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>An LEA's vendor credentials as stored, without the secret key. One set per LEA. Immutable.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Generation">1 for the first credentials of an LEA, +1 at each regeneration.</param>
/// <param name="Verifier">The keyed hash that the secret key is checked against.</param>
/// <param name="GeneratedAt">When the credentials were generated, in whole seconds.</param>
/// <param name="GeneratedBy">The coordinator who generated the credentials.</param>
/// <param name="ExpiresAt">The first instant at which the credentials are no longer valid.</param>
/// <param name="Authorization">The release authorization that was given at generation.</param>
/// <param name="LastUsedOn">The last date, in the LEA's time zone, on which the secret key was used; null before the first use.</param>
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
    /// <summary>The highest generation. Row keys contain six digits of it.</summary>
    public const int MaxGeneration = 999_999;

    /// <summary>Validity period of credentials: 365 times 24 hours.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>The username that belongs to the secret key.</summary>
    public Username Username => new(LeaId);

    /// <summary>Whether the credentials have expired at <paramref name="now"/>.</summary>
    public bool HasExpired(DateTimeOffset now) => now >= ExpiresAt;
}
