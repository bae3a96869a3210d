using System.Net;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Authentication;

/// <summary>
/// Slows failed authentications of vendors: after too many with one username, or from one address, they get 429 instead of 401 (RFC 6585,
/// section 4). The credentials are always checked first, so the right key is accepted, also for a username and from an address that are throttled:
/// nobody can lock out a vendor. A username without credentials is treated as any other.
/// <para>
/// It does not protect the key, which has 256 random bits. It slows scanners, and gives a client with a wrong key a time to wait. It counts on this
/// instance only: with several instances, a client has several budgets. Thread safe.
/// </para>
/// </summary>
public sealed class AuthenticationThrottle(ClientAddresses addresses, IOptions<ThrottlingOptions> options, TimeProvider time)
{
    private readonly FailureBudgets<LeaId> byUsername = new(options.Value.UsernameFailuresPerMinute, time);
    private readonly FailureBudgets<IPAddress> byAddress = new(options.Value.AddressFailuresPerMinute, time);

    /// <summary>
    /// Counts an authentication if it has failed. Returns the time to wait if there were too many failures, else null. Not counted are: the
    /// right key of credentials that have expired or were revoked; a token or link that this service issued (<see cref="AuthenticationOutcome.Refused.WasIssued"/>).
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="outcome">The outcome of its authentication.</param>
    /// <param name="username">The username that was sent; null for a token or a link, which count by address only.</param>
    internal TimeSpan? Count(HttpRequest request, AuthenticationOutcome outcome, string? username = null)
    {
        if (outcome is not (AuthenticationOutcome.Refused { WasIssued: false } or AuthenticationOutcome.Mistyped))
            return null;
        var wait = byAddress.Add(addresses.Of(request));
        if (Username.TryParse(username, out var name) && byUsername.Add(name.LeaId) is var waitForUsername && waitForUsername > wait)
            wait = waitForUsername;
        return wait > TimeSpan.Zero ? wait : null;
    }
}
