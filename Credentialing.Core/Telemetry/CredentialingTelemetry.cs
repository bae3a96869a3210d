using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Credentialing.Core.Telemetry;

/// <summary>
/// Metrics and traces: the instruments of one meter and the spans of one activity source. Tags contain only CDS codes, numbers
/// and fixed words: no data about persons or students, and no secrets. <c>docs/operations.md</c> lists them with queries.
/// Thread safe.
/// </summary>
public sealed class CredentialingTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Credentialing";

    private static readonly ActivitySource Source = new(Name);

    private readonly Counter<long> generated;
    private readonly Counter<long> revoked;
    private readonly Counter<long> authentications;
    private readonly Counter<long> shares;
    private readonly Counter<long> disclosures;
    private readonly Counter<long> leaks;
    private readonly Counter<long> reminders;
    private readonly Counter<long> notices;
    private readonly Counter<long> announcements;
    private readonly Counter<long> overviewRefreshes;
    private readonly Histogram<double> runDuration;
    private readonly Histogram<int> daysToExpiry;
    private readonly Histogram<double> backupDuration;
    private readonly Histogram<int> secretAge;

    /// <summary>Creates the instruments.</summary>
    public CredentialingTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        generated = meter.CreateCounter<long>("credentialing.credentials.generated", "{credential}", "Credentials generated.");
        revoked = meter.CreateCounter<long>("credentialing.credentials.revoked", "{credential}", "Credentials revoked.");
        authentications = meter.CreateCounter<long>("credentialing.authentications", "{authentication}", "Vendor authentication attempts.");
        shares = meter.CreateCounter<long>("credentialing.shares", "{share}", "One-time links for vendors, by what happened to them.");
        disclosures = meter.CreateCounter<long>("credentialing.disclosures", "{disclosure}", "Downloads of reports to be recorded, by outcome.");
        leaks = meter.CreateCounter<long>("credentialing.leaks", "{key}", "Secret keys that were reported as leaked, by what they are.");
        reminders = meter.CreateCounter<long>("credentialing.reminders", "{reminder}", "Due reminders, by outcome.");
        notices = meter.CreateCounter<long>("credentialing.notices", "{notice}", "Notices of changes to the other coordinators, by outcome.");
        announcements = meter.CreateCounter<long>("credentialing.announcements", "{announcement}", "Announcement changes in MyTOMS, by outcome.");
        overviewRefreshes = meter.CreateCounter<long>("credentialing.overview.refreshes", "{refresh}", "Refreshes of LEAs in the statewide overview, by outcome.");
        runDuration = meter.CreateHistogram<double>("credentialing.run.duration", "s", "Duration of a daily run.",
            advice: new() { HistogramBucketBoundaries = [1, 5, 15, 60, 120, 300, 600, 1200] });
        daysToExpiry = meter.CreateHistogram<int>("credentialing.days_to_expiry", "{day}", "Days until expiry of the credentials of each LEA that a daily run processed; 0 if expired.",
            advice: new() { HistogramBucketBoundaries = [0, 1, 3, 7, 14] });
        backupDuration = meter.CreateHistogram<double>("credentialing.backup.duration", "s", "Duration of a backup.",
            advice: new() { HistogramBucketBoundaries = [1, 5, 15, 60, 120, 300, 600, 1200] });
        secretAge = meter.CreateHistogram<int>("credentialing.secret.age", "{day}", "Age of the current version of a secret, at each run of the rotation.",
            advice: new() { HistogramBucketBoundaries = [30, 90, 180, 365, 730] });
    }

    /// <summary>Starts a span. Returns null if there is no listener.</summary>
    /// <param name="name">The operation, in fixed words.</param>
    /// <param name="leaId">The LEA, if the operation is about one.</param>
    internal static Activity? Begin(string name, LeaId? leaId = null)
    {
        var span = Source.StartActivity(name);
        if (leaId is { } lea)
            span?.SetTag("credentialing.lea", lea.Value);
        return span;
    }

    /// <summary>Credentials were generated.</summary>
    internal void RecordGeneration(int generation) => generated.Add(1, Tag("kind", generation == 1 ? "first" : "regenerated"));

    /// <summary>Credentials were revoked.</summary>
    internal void RecordRevocation() => revoked.Add(1);

    /// <summary>A vendor tried to authenticate.</summary>
    /// <param name="by"><c>key</c>, <c>token</c> or <c>link</c>.</param>
    /// <param name="outcome"><c>accepted</c>, <c>expired</c>, <c>revoked</c> or <c>refused</c>.</param>
    internal void RecordAuthentication(string by, string outcome) => authentications.Add(1, Tag("by", by), Tag("outcome", outcome));

    /// <summary>Something happened to shares.</summary>
    /// <param name="outcome"><c>created</c>, <c>opened</c>, <c>canceled</c>, or <c>expired</c> without being opened.</param>
    /// <param name="count">The number of shares.</param>
    internal void RecordShare(string outcome, int count = 1) => shares.Add(count, Tag("outcome", outcome));

    /// <summary>A download of a report had to be recorded.</summary>
    /// <param name="outcome"><c>recorded</c>, <c>continued</c> for a range of a recorded download, or <c>failed</c>: nothing was sent.</param>
    internal void RecordDisclosure(string outcome) => disclosures.Add(1, Tag("outcome", outcome));

    /// <summary>A secret key was reported as leaked.</summary>
    /// <param name="by"><c>toms</c> or <c>github</c>.</param>
    /// <param name="match"><c>current</c>, <c>previous</c>, <c>superseded</c> or <c>unknown</c>.</param>
    internal void RecordLeak(string by, string match) => leaks.Add(1, Tag("by", by), Tag("match", match));

    /// <summary>A reminder was due.</summary>
    /// <param name="milestone">The days before expiry at which it is due.</param>
    /// <param name="outcome"><c>sent</c>, <c>delayed</c>, <c>rejected</c>, <c>failed</c> or <c>without_recipient</c>.</param>
    internal void RecordReminder(int milestone, string outcome) => reminders.Add(1, Tag("milestone", milestone), Tag("outcome", outcome));

    /// <summary>A notice of a change had to be sent.</summary>
    /// <param name="kind">The kind of change, such as <c>credential-revoked</c>.</param>
    /// <param name="outcome"><c>sent</c>, <c>delayed</c>, <c>rejected</c> or <c>failed</c>.</param>
    internal void RecordNotice(string kind, string outcome) => notices.Add(1, Tag("kind", kind), Tag("outcome", outcome));

    /// <summary>An announcement had to be posted to MyTOMS or removed from it.</summary>
    /// <param name="action"><c>post</c> or <c>remove</c>.</param>
    /// <param name="outcome">
    /// <c>done</c>: the daily run confirmed it. <c>delayed</c>: MyTOMS is unavailable, or did not remove it immediately.
    /// <c>failed</c>: the request failed.
    /// </param>
    internal void RecordAnnouncement(string action, string outcome) => announcements.Add(1, Tag("action", action), Tag("outcome", outcome));

    /// <summary>An LEA was refreshed in the statewide overview.</summary>
    /// <param name="outcome"><c>done</c>, or <c>failed</c>: the next check refreshes it.</param>
    internal void RecordOverviewRefresh(string outcome) => overviewRefreshes.Add(1, Tag("outcome", outcome));

    /// <summary>A daily run ended.</summary>
    /// <param name="elapsed">Its duration.</param>
    /// <param name="failed">Whether it had failures.</param>
    internal void RecordRun(TimeSpan elapsed, bool failed) => runDuration.Record(elapsed.TotalSeconds, Tag("outcome", failed ? "failed" : "finished"));

    /// <summary>A daily run processed an LEA whose credentials have this many days left.</summary>
    internal void RecordDaysRemaining(int daysRemaining) => daysToExpiry.Record(daysRemaining);

    /// <summary>A backup ended.</summary>
    /// <param name="elapsed">Its duration.</param>
    /// <param name="failed">Whether it failed.</param>
    internal void RecordBackup(TimeSpan elapsed, bool failed) => backupDuration.Record(elapsed.TotalSeconds, Tag("outcome", failed ? "failed" : "finished"));

    /// <summary>A run of the rotation read the age of a secret's current version.</summary>
    /// <param name="secret">The name of the secret.</param>
    /// <param name="days">The age, in whole days.</param>
    internal void RecordSecretAge(string secret, int days) => secretAge.Record(days, Tag("secret", secret));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
