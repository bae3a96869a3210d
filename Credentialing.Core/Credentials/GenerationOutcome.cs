namespace Credentialing.Core.Credentials;

/// <summary>The result of a request to generate credentials.</summary>
public abstract record GenerationOutcome
{
    private GenerationOutcome()
    {
    }

    /// <summary>New credentials were generated. No earlier secret key works, except the previous one during an overlap.</summary>
    /// <param name="Credential">The new credentials.</param>
    /// <param name="SecretKey">The secret key, to be shown only this once.</param>
    /// <param name="Superseded">The credentials that were replaced; null if these are the LEA's first.</param>
    public sealed record Generated(Credential Credential, SecretKey SecretKey, Credential? Superseded) : GenerationOutcome
    {
        /// <summary>Which client has used which generation so far, as in <see cref="CredentialStatus.Usage"/>.</summary>
        public IReadOnlyList<KeyUse> Usage { get; init; } = [];

        /// <summary>Whether other coordinators are to be notified.</summary>
        public bool HasNotice { get; init; }
    }

    /// <summary>Conflict: the current generation is not the one that the coordinator saw. Nothing was changed.</summary>
    /// <param name="Current">The current credentials; null if there are none.</param>
    public sealed record Conflict(Credential? Current) : GenerationOutcome;
}
