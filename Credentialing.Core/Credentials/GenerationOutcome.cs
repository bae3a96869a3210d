namespace Credentialing.Core.Credentials;

/// <summary>What came of asking for new credentials.</summary>
public abstract record GenerationOutcome
{
    private GenerationOutcome()
    {
    }

    /// <summary>They were generated, and any earlier secret key no longer works.</summary>
    /// <param name="Credential">The new credentials.</param>
    /// <param name="SecretKey">Their secret key, to be shown this once.</param>
    /// <param name="Superseded">The credentials that they took the place of; null if they are the LEA's first.</param>
    public sealed record Generated(Credential Credential, SecretKey SecretKey, Credential? Superseded) : GenerationOutcome;

    /// <summary>Nothing was changed: the credentials are not those that the coordinator had seen.</summary>
    /// <param name="Current">What somebody else generated; null if there are no credentials at all.</param>
    public sealed record Conflict(Credential? Current) : GenerationOutcome;
}
