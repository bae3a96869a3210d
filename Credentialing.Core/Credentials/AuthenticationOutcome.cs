namespace Credentialing.Core.Credentials;

/// <summary>The result of checking a vendor's credentials or bearer token.</summary>
public abstract record AuthenticationOutcome
{
    private AuthenticationOutcome()
    {
    }

    /// <summary>Valid and not expired.</summary>
    /// <param name="Credential">The LEA's current credentials.</param>
    public sealed record Authenticated(Credential Credential) : AuthenticationOutcome;

    /// <summary>Valid but expired. Only a client that presents the valid secret key or token learns this.</summary>
    /// <param name="Credential">The LEA's current credentials.</param>
    public sealed record Expired(Credential Credential) : AuthenticationOutcome;

    /// <summary>Invalid: malformed, unknown, mistyped, forged or superseded. The result does not say which.</summary>
    public sealed record Refused : AuthenticationOutcome;
}
