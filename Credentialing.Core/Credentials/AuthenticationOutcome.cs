namespace Credentialing.Core.Credentials;

/// <summary>What came of checking a vendor's credentials or bearer token.</summary>
public abstract record AuthenticationOutcome
{
    private AuthenticationOutcome()
    {
    }

    /// <summary>They are right, and work.</summary>
    /// <param name="Credential">The LEA's credentials, as they are now.</param>
    public sealed record Authenticated(Credential Credential) : AuthenticationOutcome;

    /// <summary>They are right, but their time has run out. Only somebody who holds the key is told so.</summary>
    /// <param name="Credential">The LEA's credentials, as they are now.</param>
    public sealed record Expired(Credential Credential) : AuthenticationOutcome;

    /// <summary>They are not right: malformed, unknown, mistyped, forged or superseded, and it is not said which.</summary>
    public sealed record Refused : AuthenticationOutcome;
}
