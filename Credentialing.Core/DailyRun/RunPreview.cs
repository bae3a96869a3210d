namespace Credentialing.Core.DailyRun;

/// <summary>The preview of a daily run.</summary>
/// <param name="Plans">What the run would do for each LEA, ordered by CDS code. Without the LEAs for which there is nothing to do.</param>
/// <param name="Failures">The LEAs that cannot be processed.</param>
public sealed record RunPreview(IReadOnlyList<LeaPlan> Plans, IReadOnlyList<DailyRunFailure> Failures);
