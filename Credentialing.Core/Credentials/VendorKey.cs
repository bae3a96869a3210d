namespace Credentialing.Core.Credentials;

/// <summary>One generation of an LEA's secret key, without the key itself. Immutable.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Verifier">The keyed hash that the secret key is checked against.</param>
/// <param name="GeneratedAt">When the key was generated.</param>
/// <param name="ExpiresAt">The first instant at which the key no longer works. For a previous key, this is the end of the overlap.</param>
public sealed record VendorKey(LeaId LeaId, int Generation, SecretKeyVerifier Verifier, DateTimeOffset GeneratedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>Whether this is the superseded generation, which still works during the overlap.</summary>
    public bool IsPrevious { get; init; }

    /// <summary>The username that belongs to the key. All generations of an LEA have the same one.</summary>
    public Username Username => new(LeaId);

    /// <summary>Whether the key has expired at <paramref name="now"/>.</summary>
    public bool HasExpired(DateTimeOffset now) => now >= ExpiresAt;
}
