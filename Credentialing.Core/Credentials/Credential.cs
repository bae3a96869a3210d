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
public sealed record Credential(
    LeaId LeaId,
    int Generation,
    SecretKeyVerifier Verifier,
    DateTimeOffset GeneratedAt,
    Coordinator GeneratedBy,
    DateTimeOffset ExpiresAt,
    ReleaseAuthorization Authorization)
{
    /// <summary>The highest generation. Row keys contain six digits of it.</summary>
    public const int MaxGeneration = 999_999;

    /// <summary>The maximum number of days for which the previous key keeps working after a regeneration.</summary>
    public const int MaxOverlapDays = 7;

    /// <summary>Validity period of credentials: 365 times 24 hours.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>
    /// The superseded generation, which works beside the current one until it expires; null if there is no overlap. It stays here
    /// after its expiry; see <see cref="PreviousKeyAt"/>.
    /// </summary>
    public VendorKey? PreviousKey { get; init; }

    /// <summary>The revocation; null unless the credentials were revoked.</summary>
    public Revocation? Revocation { get; init; }

    /// <summary>The username that belongs to the secret key.</summary>
    public Username Username => new(LeaId);

    /// <summary>The current generation of the secret key.</summary>
    public VendorKey CurrentKey => new(LeaId, Generation, Verifier, GeneratedAt, ExpiresAt);

    /// <summary>Whether the credentials have expired at <paramref name="now"/>.</summary>
    public bool HasExpired(DateTimeOffset now) => now >= ExpiresAt;

    /// <summary>Returns the previous key if it works at <paramref name="now"/>, else null.</summary>
    public VendorKey? PreviousKeyAt(DateTimeOffset now) => Revocation is null && PreviousKey?.HasExpired(now) is false ? PreviousKey : null;
}
