namespace Credentialing.Core.Secrets;

/// <summary>An enabled version of a secret, as the vault lists it: without its value.</summary>
/// <param name="Version">The version's name in the vault. Not secret.</param>
/// <param name="CreatedOn">When it was created, in whole seconds.</param>
/// <param name="UpdatedOn">
/// When its attributes were last changed, in whole seconds: when it was enabled again, or <paramref name="CreatedOn"/>. So it has been
/// enabled without interruption since this time.
/// </param>
public sealed record ListedVersion(string Version, DateTimeOffset CreatedOn, DateTimeOffset UpdatedOn);
