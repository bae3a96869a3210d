using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Audit;

/// <summary>What is written about an event, and how it reads back. No storage.</summary>
[Kind(TestKind.Unit)]
public sealed class AuditEventTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_notice_names_the_event_and_the_addresses_by_result()
    {
        var details = new AuditDetails { To = ["ana@lea.example", "luis@lea.example"], Rejected = ["b@lea.example"], Deferred = ["c@lea.example"], GivenUp = ["d@lea.example"] };

        Assert.Equal(
            "About credential-revoked. To ana@lea.example, luis@lea.example. Rejected: b@lea.example. Deferred: c@lea.example. Deferred for too long: d@lea.example.",
            AuditEvent.AboutNotice(TestWorld.Oakland, At, "notice-sent", "credential-revoked", 1, details).Detail);
        Assert.Equal("About lea-saved.", AuditEvent.AboutNotice(TestWorld.Oakland, At, "notice-not-sent", "lea-saved", null, new()).Detail);
    }

    [Theory]
    [InlineData("share-created", "rosa", "person", "rosa")]
    [InlineData("share-opened", null, "vendor", null)]
    [InlineData("share-expired", null, "daily-run", null)]
    public void An_event_of_a_share_has_its_source(string kind, string? byId, string source, string? readId)
    {
        var entry = Read(AuditEvent.AboutShare(TestWorld.Oakland, At, kind, byId, byId is null ? null : "Rosa Delgado", generation: 2, "Aeries"));

        Assert.Equal((kind, source, readId, 2, "For Aeries."), (entry.Kind, entry.Source, entry.ById, entry.Generation, entry.Detail));
        Assert.Equal("Aeries", entry.Details.Vendor);
    }

    [Fact]
    public void The_daily_run_the_notices_and_TOMS_are_sources_and_no_persons()
    {
        AuditEvent[] events =
        [
            AuditEvent.ByDailyRun(TestWorld.Oakland, At, "reminder-sent", 1, "To rosa@lea.example.", new()),
            AuditEvent.AboutNotice(TestWorld.Oakland, At, "notice-sent", "lea-saved", null, new()),
            AuditEvent.LeaSaved(TestWorld.Oakland, At, "toms", new() { Name = "Oakland Unified" }),
        ];
        Assert.Equal(["daily-run", "notices", "toms"], events.Select(Read).Select(entry => entry.Source));
        Assert.All(events.Select(Read), entry => Assert.Null(entry.ById));
    }

    [Fact]
    public void An_event_of_a_newer_release_is_not_read()
    {
        var row = RowOf(AuditEvent.LeaSaved(TestWorld.Oakland, At, "toms", new()));
        row[nameof(SchemaVersion)] = 99;
        Assert.Throws<UnreadableRowException>(() => AuditEntry.Read("1", row));
    }

    private static AuditEntry Read(AuditEvent auditEvent) => AuditEntry.Read("1", RowOf(auditEvent));

    private static TableEntity RowOf(AuditEvent auditEvent) => (TableEntity)auditEvent.ToAction().Entity;
}
