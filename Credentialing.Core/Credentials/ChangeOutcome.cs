namespace Credentialing.Core.Credentials;

/// <summary>The result of a request to revoke credentials, or to end the overlap of the previous key.</summary>
public abstract record ChangeOutcome
{
    private ChangeOutcome()
    {
    }

    /// <summary>The change was made.</summary>
    /// <param name="Credential">The credentials after the change.</param>
    /// <param name="Before">The credentials before the change.</param>
    /// <param name="HasNotice">Whether other coordinators are to be notified.</param>
    public sealed record Changed(Credential Credential, Credential Before, bool HasNotice) : ChangeOutcome;

    /// <summary>There was nothing to change, for example because an earlier attempt has succeeded. So a retry is safe.</summary>
    /// <param name="Credential">The credentials; null if there are none.</param>
    public sealed record Unchanged(Credential? Credential) : ChangeOutcome;

    /// <summary>Conflict: the current generation is not the one that the caller has seen. Nothing was changed.</summary>
    /// <param name="Current">The current credentials; null if there are none.</param>
    public sealed record Conflict(Credential? Current) : ChangeOutcome;
}
