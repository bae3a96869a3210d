using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>The authorization to release an LEA's student data to its vendors, given by ticking a box.</summary>
/// <param name="By">The coordinator who ticked the box.</param>
/// <param name="At">When it was ticked.</param>
/// <param name="WordingVersion">The version of the text beside the box; see <see cref="ReleaseWording"/>.</param>
public sealed record ReleaseAuthorization(Coordinator By, DateTimeOffset At, string WordingVersion);
