using Credentialing.Core.Credentials;

namespace Credentialing.Core.Shares;

/// <summary>The result of a request to create a share.</summary>
public abstract record ShareOutcome
{
    private ShareOutcome()
    {
    }

    /// <summary>The share was created.</summary>
    /// <param name="Share">The share.</param>
    public sealed record Created(Share Share) : ShareOutcome;

    /// <summary>There are no valid credentials: none were generated, or they have expired or were revoked. Nothing was changed.</summary>
    public sealed record NothingToShare : ShareOutcome;

    /// <summary>The generation has <see cref="Share.MaxShares"/> already. Nothing was changed.</summary>
    public sealed record TooMany : ShareOutcome;

    /// <summary>Conflict: the current generation is not the one that the coordinator has seen. Nothing was changed.</summary>
    /// <param name="Current">The current credentials; null if there are none.</param>
    public sealed record Conflict(Credential? Current) : ShareOutcome;
}
