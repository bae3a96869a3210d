using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.DailyRun;

/// <summary>Options of the daily run: settings <c>Credentialing:DailyRun:*</c>.</summary>
public sealed class DailyRunOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:DailyRun";

    /// <summary>
    /// Maximum number of LEAs that are processed in parallel. With 32, a run takes 5.4 ms for each LEA that is due, if a storage request takes
    /// 8 ms and the mail service 150 ms: read, claim, email and record are 174 ms.
    /// </summary>
    [Range(1, 64)]
    public int Parallelism { get; set; } = 32;

    /// <summary>
    /// Whether coordinators also get an email when their credentials have expired, and once a week for four weeks, until they are
    /// regenerated or revoked.
    /// </summary>
    public bool RemindAfterExpiry { get; set; }

    /// <summary>
    /// After this time, a run starts nothing new and leaves the rest to the next run. At least five minutes less than
    /// <c>functionTimeout</c> in host.json, so that operations in progress can finish.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:25:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(20);
}
