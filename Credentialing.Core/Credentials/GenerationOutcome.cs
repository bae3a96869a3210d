namespace Credentialing.Core.Credentials;

/// <summary>The result of a request to generate credentials.</summary>
public abstract record GenerationOutcome
{
    private GenerationOutcome()
    {
    }

    /// <summary>New credentials were generated. Any earlier secret key no longer works.</summary>
    /// <param name="Credential">The new credentials.</param>
    /// <param name="SecretKey">The secret key, to be shown only this once.</param>
    /// <param name="Superseded">The credentials that were replaced; null if these are the LEA's first.</param>
    public sealed record Generated(Credential Credential, SecretKey SecretKey, Credential? Superseded) : GenerationOutcome;

    /// <summary>Conflict: the current generation is not the one that the coordinator saw. Nothing was changed.</summary>
    /// <param name="Current">The current credentials; null if there are none.</param>
    public sealed record Conflict(Credential? Current) : GenerationOutcome;
}
