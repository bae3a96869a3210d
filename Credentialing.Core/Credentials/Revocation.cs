using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>
/// The revocation of an LEA's credentials. No secret key works any more, and the release authorization is withdrawn, until a
/// coordinator gives it again and generates new credentials.
/// </summary>
/// <param name="By">Who revoked them: a coordinator, or TOMS.</param>
/// <param name="At">When they were revoked, in whole seconds.</param>
/// <param name="Reason">Why: one line of at most <see cref="OneLine.MaxNameLength"/>.</param>
public sealed record Revocation(Coordinator By, DateTimeOffset At, string Reason);
