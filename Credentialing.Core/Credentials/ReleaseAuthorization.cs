using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>The LEA's authorization to release student data to its vendors, given by ticking a box.</summary>
/// <param name="By">Who ticked it.</param>
/// <param name="At">When.</param>
/// <param name="WordingVersion">Which wording stood beside the box; see <see cref="ReleaseWording"/>.</param>
public sealed record ReleaseAuthorization(Coordinator By, DateTimeOffset At, string WordingVersion);
