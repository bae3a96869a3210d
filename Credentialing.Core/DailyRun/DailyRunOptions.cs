using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.DailyRun;

/// <summary>How the daily run goes about its work: settings <c>Credentialing:DailyRun:*</c>.</summary>
public sealed class DailyRunOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing:DailyRun";

    /// <summary>How many LEAs it works on at a time.</summary>
    [Range(1, 64)]
    public int Parallelism { get; set; } = 8;

    /// <summary>
    /// After how long it takes up nothing more, and leaves the rest to the next run. Less than <c>functionTimeout</c> in host.json
    /// by the five minutes in which it finishes what it has in hand.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:25:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(20);
}
