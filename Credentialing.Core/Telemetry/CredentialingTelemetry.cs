using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Credentialing.Core.Telemetry;

/// <summary>
/// What operators count and follow: the instruments of one meter and the spans of one source. All that they are told is CDS codes,
/// numbers and fixed words, never a person, a student or a secret. <c>docs/operations.md</c> lists them, with queries.
/// </summary>
public sealed class CredentialingTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Credentialing";

    private static readonly ActivitySource Source = new(Name);

    private readonly Counter<long> generated;
    private readonly Counter<long> authentications;
    private readonly Counter<long> reminders;
    private readonly Counter<long> announcements;
    private readonly Histogram<double> runDuration;
    private readonly Histogram<int> daysToExpiry;

    /// <summary>Creates the instruments.</summary>
    public CredentialingTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        generated = meter.CreateCounter<long>("credentialing.credentials.generated", "{credential}", "Credentials generated.");
        authentications = meter.CreateCounter<long>("credentialing.authentications", "{authentication}", "Vendors who authenticated, or tried to.");
        reminders = meter.CreateCounter<long>("credentialing.reminders", "{reminder}", "Reminders that were due, and what became of them.");
        announcements = meter.CreateCounter<long>("credentialing.announcements", "{announcement}", "Changes of what MyTOMS shows, and what became of them.");
        runDuration = meter.CreateHistogram<double>("credentialing.run.duration", "s", "How long a daily run took.",
            advice: new() { HistogramBucketBoundaries = [1, 5, 15, 60, 120, 300, 600, 1200] });
        daysToExpiry = meter.CreateHistogram<int>("credentialing.days_to_expiry", "{day}", "Days until the credentials end of each LEA that a daily run came to; 0 if they have ended.",
            advice: new() { HistogramBucketBoundaries = [0, 1, 3, 7, 14] });
    }

    /// <summary>Begins a span; null if nobody listens.</summary>
    /// <param name="name">What is done, in fixed words.</param>
    /// <param name="leaId">About which LEA, if it is about one.</param>
    internal static Activity? Begin(string name, LeaId? leaId = null)
    {
        var span = Source.StartActivity(name);
        if (leaId is { } lea)
            span?.SetTag("credentialing.lea", lea.Value);
        return span;
    }

    /// <summary>Credentials were generated.</summary>
    internal void RecordGeneration(int generation) => generated.Add(1, Tag("kind", generation == 1 ? "first" : "regenerated"));

    /// <summary>A vendor authenticated, or did not.</summary>
    /// <param name="by"><c>key</c> or <c>token</c>.</param>
    /// <param name="outcome"><c>accepted</c>, <c>expired</c> or <c>refused</c>.</param>
    internal void RecordAuthentication(string by, string outcome) => authentications.Add(1, Tag("by", by), Tag("outcome", outcome));

    /// <summary>A reminder was due.</summary>
    /// <param name="milestone">The days before expiry at which it is due.</param>
    /// <param name="outcome"><c>sent</c>, <c>delayed</c>, <c>rejected</c>, <c>failed</c> or <c>without_recipient</c>.</param>
    internal void RecordReminder(int milestone, string outcome) => reminders.Add(1, Tag("milestone", milestone), Tag("outcome", outcome));

    /// <summary>What MyTOMS shows was to be changed.</summary>
    /// <param name="action"><c>post</c> or <c>remove</c>.</param>
    /// <param name="outcome">
    /// <c>done</c>, by the daily run, which makes sure of it; <c>delayed</c>, because MyTOMS is away, or did not remove it at once; or
    /// <c>failed</c>.
    /// </param>
    internal void RecordAnnouncement(string action, string outcome) => announcements.Add(1, Tag("action", action), Tag("outcome", outcome));

    /// <summary>A daily run has come to an end.</summary>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="failed">Whether there was something that it could not do.</param>
    internal void RecordRun(TimeSpan elapsed, bool failed) => runDuration.Record(elapsed.TotalSeconds, Tag("outcome", failed ? "failed" : "finished"));

    /// <summary>A daily run has come to an LEA whose credentials have so many days left.</summary>
    internal void RecordDaysRemaining(int daysRemaining) => daysToExpiry.Record(daysRemaining);

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
