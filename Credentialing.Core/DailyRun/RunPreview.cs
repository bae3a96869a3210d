namespace Credentialing.Core.DailyRun;

/// <summary>What a daily run would do.</summary>
/// <param name="Plans">About which LEAs it would do what, ordered by CDS code; without those about which there is nothing to do.</param>
/// <param name="Failures">What it could not do.</param>
public sealed record RunPreview(IReadOnlyList<LeaPlan> Plans, IReadOnlyList<DailyRunFailure> Failures);
