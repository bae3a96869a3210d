namespace Credentialing.Core.Credentials;

/// <summary>The result of checking a vendor's credentials or bearer token.</summary>
public abstract record AuthenticationOutcome
{
    private AuthenticationOutcome()
    {
    }

    /// <summary>Valid and not expired.</summary>
    /// <param name="Key">The key that was presented, or that the token was issued for.</param>
    public sealed record Authenticated(VendorKey Key) : AuthenticationOutcome
    {
        /// <summary>The client that a temporary link was issued to; null if there is no link: the client sent the request itself.</summary>
        public ClientName? LinkIssuedTo { get; init; }
    }

    /// <summary>Valid but expired. Only a client that presents the valid secret key or token learns this.</summary>
    /// <param name="Key">The key that was presented, or that the token was issued for.</param>
    public sealed record Expired(VendorKey Key) : AuthenticationOutcome;

    /// <summary>The LEA's credentials were revoked. Only a client that presents their secret key or a token for it learns this.</summary>
    /// <param name="Key">The key that was presented, or that the token was issued for.</param>
    /// <param name="At">When the credentials were revoked.</param>
    public sealed record Revoked(VendorKey Key, DateTimeOffset At) : AuthenticationOutcome;

    /// <summary>
    /// Username and secret key were sent, but one of them is incomplete or mistyped: its length, its format or the key's checksum is
    /// wrong. This is visible in the text itself, so it tells an attacker nothing. No stored data was read.
    /// </summary>
    public sealed record Mistyped : AuthenticationOutcome;

    /// <summary>Invalid: missing, unknown, wrong, forged or superseded. The result does not say which.</summary>
    public sealed record Refused : AuthenticationOutcome
    {
        /// <summary>
        /// Whether this service issued the bearer token or the temporary link: its lifetime is over, or its key was superseded. This is the
        /// normal end of each token and link, not an attempt to guess one.
        /// </summary>
        public bool WasIssued { get; init; }
    }
}
