using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Mail;
using Credentialing.Core.Overview;
using Credentialing.Core.Reminders;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Overview;

/// <summary>How an LEA's rows become its row of the overview. No storage.</summary>
[Kind(TestKind.Unit)]
public sealed class LeaOverviewTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(true, 0, 0, EmailResult.Sent)]
    [InlineData(true, 1, 0, EmailResult.PartlyRefused)]
    [InlineData(true, 0, 1, EmailResult.Deferred)]
    [InlineData(true, 1, 1, EmailResult.Deferred)]
    [InlineData(false, 1, 0, EmailResult.Refused)]
    [InlineData(false, 0, 0, EmailResult.NotSent)]
    public void A_reminder_has_the_result_and_the_time_of_its_last_attempt(bool isSent, int rejected, int deferred, EmailResult expected)
    {
        var claim = Claim(isSent ? At : null, rejected, deferred);

        var email = Of(LeaRow(), CoordinatorRow("rosa", "rosa@lea.example"), ReminderRow(claim)).LastEmail!;

        Assert.Equal((14, expected), (email.Milestone, email.Result));
        Assert.Equal(isSent ? At : rejected > 0 ? claim.ClaimedUntil : null, email.At);
        Assert.Equal(claim.Rejected, email.Refused);
    }

    [Theory]
    [InlineData(null, null, null, EmailResult.NoRecipient)]
    [InlineData("rosa@lea.example", null, null, EmailResult.NotSent)]
    [InlineData(null, "luis@lea.example", null, EmailResult.NotSent)]
    [InlineData(null, null, "ana@lea.example", EmailResult.NotSent)]
    [InlineData("rosa@lea.example", "luis@lea.example", "ana@lea.example", EmailResult.NotSent)]
    public void An_unsent_email_has_a_recipient_if_a_coordinator_or_the_one_who_generated_has_an_address(string? rosa, string? luis, string? generatedBy, EmailResult expected) =>
        Assert.Equal(expected, Of(LeaRow(), CoordinatorRow("rosa", rosa), CoordinatorRow("luis", luis), CredentialRow(generatedBy), ReminderRow(Claim(null))).LastEmail!.Result);

    [Fact]
    public void Without_an_LEA_row_the_one_who_generated_is_the_recipient()
    {
        Assert.Equal(EmailResult.NotSent, Of(CredentialRow("ana@lea.example"), ReminderRow(Claim(null))).LastEmail!.Result);
        Assert.Equal(EmailResult.NoRecipient, Of(CredentialRow(null), ReminderRow(Claim(null))).LastEmail!.Result);
    }

    [Theory]
    [InlineData("notice-sent", false, false, false, EmailResult.Sent)]
    [InlineData("notice-sent", true, false, false, EmailResult.PartlyRefused)]
    [InlineData("notice-sent", false, true, false, EmailResult.Deferred)]
    [InlineData("notice-sent", true, true, false, EmailResult.Deferred)]
    [InlineData("notice-sent", false, false, true, EmailResult.PartlyRefused)]
    [InlineData("notice-refused", true, false, false, EmailResult.Refused)]
    public void A_notice_without_a_row_has_the_result_of_its_audit_event(string kind, bool isRejected, bool isDeferred, bool isGivenUp, EmailResult expected)
    {
        string[] rejected = isRejected ? ["rosa@lea.example"] : [];
        string[] givenUp = isGivenUp ? ["luis@lea.example"] : [];

        var email = Of(LeaRow(), EventRow(kind, At, new() { Rejected = rejected, Deferred = isDeferred ? ["ana@lea.example"] : [], GivenUp = givenUp })).LastEmail!;

        Assert.Equal((null, At, expected), (email.Milestone, email.At, email.Result));
        Assert.Equal([.. rejected, .. givenUp], email.Refused);
    }

    [Fact]
    public void The_last_email_is_the_one_that_was_accepted_last()
    {
        var reminder = ReminderRow(Claim(At)); // whose claim ends five minutes later
        Assert.Null(Of(LeaRow(), reminder, EventRow("notice-sent", At.AddMinutes(1), new())).LastEmail!.Milestone);
        Assert.Equal(14, Of(LeaRow(), reminder, EventRow("notice-sent", At.AddMinutes(-1), new())).LastEmail!.Milestone);
        Assert.Null(Of(LeaRow(), reminder, NoticeRow(At.AddMinutes(-1), Claim(At.AddMinutes(1), deferred: 1))).LastEmail!.Milestone);
        Assert.Null(Of(LeaRow(), reminder, NoticeRow(At.AddMinutes(1), Claim(null))).LastEmail!.Milestone);
    }

    [Fact]
    public void The_problem_is_the_first_one_and_the_other_rows_are_read()
    {
        var corrupt = ReminderRow(Claim(At));
        corrupt.RowKey += "x";
        var newer = CredentialRow("ana@lea.example");
        newer[SchemaVersion.Column] = 99;

        var lea = Of(LeaRow(), newer, corrupt);

        Assert.Equal(("A newer release has written its rows.", "Oakland Unified", true), (lea.Problem, lea.Name, lea.HasUnknownState));
    }

    [Fact]
    public void A_row_of_the_overview_reads_back()
    {
        foreach (var lea in (LeaOverview[])[Of(LeaRow()), Of(LeaRow(), CoordinatorRow("rosa", "rosa@lea.example"), CredentialRow("ana@lea.example"), ReminderRow(Claim(At, rejected: 2))), Of(LeaRow(), ReminderRow(Claim(At)))])
        {
            var row = lea.Write();
            Assert.DoesNotContain(row, column => column.Value is "" or false);
            Assert.Equivalent(lea, LeaOverview.Read(TestWorld.Oakland, row), strict: true);
        }
    }

    [Theory]
    [InlineData("Nonsense")]
    [InlineData("77")]
    public void An_unknown_result_of_an_email_makes_the_row_unreadable(string result)
    {
        var row = Of(LeaRow(), ReminderRow(Claim(At))).Write();
        row["EmailResult"] = result;
        Assert.Contains("EmailResult", Assert.Throws<UnreadableRowException>(() => LeaOverview.Read(TestWorld.Oakland, row)).Message, StringComparison.Ordinal);
    }

    private static LeaOverview Of(params TableEntity[] rows) => LeaOverview.Of(TestWorld.Oakland, rows)!;

    private static EmailClaim Claim(DateTimeOffset? sentAt, int rejected = 0, int deferred = 0) => new()
    {
        ClaimedBy = Guid.NewGuid(),
        ClaimedUntil = (sentAt ?? At) + EmailClaim.Duration,
        SentAt = sentAt,
        Rejected = [.. Enumerable.Range(0, rejected).Select(number => $"rejected{number}@lea.example")],
        Deferred = [.. Enumerable.Range(0, deferred).Select(number => $"deferred{number}@lea.example")],
    };

    private static TableEntity LeaRow() => Row("lea", ("Name", "Oakland Unified"));

    private static TableEntity CoordinatorRow(string id, string? email) => Row($"coordinator:{id}", ("Name", id), ("Email", email));

    private static TableEntity CredentialRow(string? email)
    {
        var by = TestWorld.Rosa with { Email = email };
        return Stored(CredentialTable.Write(new Credential(
            TestWorld.Oakland, 1, new SecretKeyVerifier("1", new byte[32]), At, by, At + Credential.Lifetime, new ReleaseAuthorization(by, At, ReleaseWording.Current.Version))));
    }

    private static TableEntity ReminderRow(EmailClaim claim) =>
        Stored((TableEntity)new ReminderClaim(1, Milestone.Of(14)!.Value, claim).Write(TestWorld.Oakland).Entity);

    private static TableEntity NoticeRow(DateTimeOffset at, EmailClaim claim)
    {
        var row = Row("notice:1", ("Kind", "regenerated"), ("At", at), ("ById", "rosa"));
        claim.Write(row);
        return row;
    }

    private static TableEntity EventRow(string kind, DateTimeOffset at, AuditDetails details)
    {
        var row = Row("event:1", ("Kind", kind), ("At", at));
        details.Write(row);
        return row;
    }

    private static TableEntity Row(string rowKey, params (string Column, object? Value)[] columns)
    {
        var row = LeaPartition.Entity(TestWorld.Oakland, rowKey);
        foreach (var (column, value) in columns)
            row[column] = value;
        return Stored(row);
    }

    private static TableEntity Stored(TableEntity row)
    {
        row.ETag = new ETag("1");
        return row;
    }
}
