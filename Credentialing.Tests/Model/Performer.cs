using System.Globalization;
using Credentialing.Core;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leas;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Secrets;
using Credentialing.Core.Shares;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>Performs operations on the services of an app instance, as the functions do, and notes what the client is told.</summary>
internal sealed class Performer(LeaId leaId, Clients clients)
{
    internal const string Content = "the report";

    internal static readonly Ssid Student = Ssid.Parse("9016125901");

    private const string ReportId = "2026-ssr-en.pdf";
    private const string Resource = "9016125901/2026-ssr-en.pdf";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    internal static ScoreReport Report { get; } = ScoreReport.TryParseId(Student, ReportId, out var report) ? report : throw new InvalidOperationException("Not a report.");

    /// <summary>The name of the client in the record of a download.</summary>
    internal static ClientName ClientOf(int number) => ClientName.Of(string.Create(CultureInfo.InvariantCulture, $"Client{number}"));

    internal async Task PerformAsync(TestWorld world, Execution execution)
    {
        switch (execution.Operation)
        {
            case Generate generate:
                await GenerateAsync(world, execution, generate);
                break;
            case EndOverlap end:
                var ended = await world.Credentials.EndPreviousKeyAsync(leaId, Person(end.ByLuis), execution.Seen, Cancellation);
                await ChangedAsync(world, execution, ended, end.FollowsUp, isRevocation: false);
                break;
            case Revoke revoke:
                var revoked = await world.Credentials.RevokeAsync(leaId, Person(revoke.ByLuis), "Lost.", execution.Seen ?? 0, Cancellation);
                await ChangedAsync(world, execution, revoked, revoke.FollowsUp, isRevocation: true);
                break;
            case Authenticate(var key):
                execution.Outcome = await AuthenticateAsync(world, execution, key) is null ? Outcome.Refused : Outcome.Done;
                break;
            case IssueToken(var key):
                var forToken = await AuthenticateAsync(world, execution, key);
                if (forToken is not null)
                {
                    var token = await world.Tokens.IssueAsync(forToken, Cancellation);
                    clients.Tokens.Add((execution.Key, token.Value, world.Clock.GetUtcNow() + token.Lifetime));
                }

                execution.Outcome = forToken is null ? Outcome.Refused : Outcome.Done;
                break;
            case IssueLink(var key):
                var forLink = await AuthenticateAsync(world, execution, key);
                if (forLink is not null)
                {
                    var link = await world.Tokens.IssueLinkAsync(forLink, Resource, ClientOf(execution.Number), Cancellation);
                    clients.Links.Add((execution.Key, link.Value, world.Clock.GetUtcNow() + link.Lifetime));
                }

                execution.Outcome = forLink is null ? Outcome.Refused : Outcome.Done;
                break;
            case UseToken(var selected):
                if (Clients.Select(clients.Tokens, selected) is not var (tokenKey, bearer, tokenUntil))
                {
                    execution.Outcome = Outcome.Refused;
                    break;
                }

                (execution.Key, execution.ValidUntil) = (tokenKey, tokenUntil);
                execution.Outcome = await world.Vendors.AuthenticateAsync(bearer, Cancellation) is AuthenticationOutcome.Authenticated ? Outcome.Done : Outcome.Refused;
                break;
            case Download(var key):
                await DownloadAsync(world, execution, await AuthenticateAsync(world, execution, key), byLink: false);
                break;
            case DownloadByLink(var selected):
                if (Clients.Select(clients.Links, selected) is not var (linkKey, value, linkUntil))
                {
                    execution.Outcome = Outcome.Refused;
                    break;
                }

                (execution.Key, execution.ValidUntil) = (linkKey, linkUntil);
                var byLink = await world.Vendors.AuthenticateLinkAsync(value, Resource, Cancellation);
                await DownloadAsync(world, execution, (byLink as AuthenticationOutcome.Authenticated)?.Key, byLink: true);
                break;
            case CreateShare:
                var share = await world.Shares.CreateAsync(
                    leaId, TestWorld.Rosa, ModelState.VendorOf(execution.Number), "AQID", ModelState.ShareLifetime, execution.Seen, Cancellation);
                if (share is ShareOutcome.Created created)
                    clients.Shares.Add((execution.Number, created.Share.Id));
                execution.Outcome = share switch { ShareOutcome.Created => Outcome.Done, ShareOutcome.Conflict => Outcome.Conflict, _ => Outcome.Refused };
                break;
            case OpenShare when execution.Share is { } number:
                execution.Outcome = await world.Shares.OpenAsync(IdOf(number), Cancellation) is null ? Outcome.Refused : Outcome.Done;
                break;
            case CancelShare when execution.Share is { } number:
                execution.Outcome = await world.Shares.CancelAsync(IdOf(number), TestWorld.Rosa, Cancellation) is null ? Outcome.Done : Outcome.Unchanged;
                break;
            case SaveLea(var name, var roster, var followsUp):
                var saved = await world.Register.SaveAsync(new Lea(leaId, Observation.NameOf(name), Rosters.Of(roster)), "toms", Cancellation);
                execution.Outcome = saved is SaveOutcome.Conflict ? Outcome.Lost : Outcome.Done;
                if (followsUp && saved is SaveOutcome.SavedWithNotice)
                    await world.Notices.TrySendAsync(leaId);
                break;
            case RunDaily:
                await world.Run.RunAsync(Cancellation);
                execution.Outcome = Outcome.Done;
                break;
            case SendNotices:
                await world.Notices.TrySendAsync(leaId);
                execution.Outcome = Outcome.Done;
                break;
            case BackUp:
                var (manifest, _) = await world.Backups.BackUpAsync(Cancellation);
                execution.BackupName = manifest.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
                execution.BackupStart = manifest.StartedAt;
                execution.Outcome = Outcome.Done;
                break;
            case ListEvents:
                var entries = await world.Audit.ReadAllAsync(leaId, Cancellation).ToListAsync(Cancellation);
                execution.Listed = [.. Changes(entries)];
                execution.Outcome = Outcome.Done;
                break;
            case RotateSecret(2):
                await world.Rotation.RunAsync(Cancellation);
                execution.Outcome = Outcome.Done;
                break;
            case RotateSecret(var secret):
                world.Vault.Rotate(secret == 0 ? SecretRing.CredentialPepper : SecretRing.VendorTokenKey);
                execution.Outcome = Outcome.Done;
                break;
            default:
                execution.Outcome = Outcome.Unchanged; // there is nothing to select
                break;
        }
    }

    private async Task GenerateAsync(TestWorld world, Execution execution, Generate generate)
    {
        var outcome = await world.Credentials.GenerateAsync(leaId, Person(generate.ByLuis), ReleaseWording.Current, execution.Seen, generate.KeptDays, Cancellation);
        if (outcome is not GenerationOutcome.Generated generated)
        {
            execution.Outcome = Outcome.Conflict;
            return;
        }

        lock (clients)
            clients.Keys.Add((execution.Number, generated.SecretKey.Reveal()));
        execution.Outcome = Outcome.Done;
        if (!generate.FollowsUp)
            return;
        if (generated.HasNotice)
            await world.Notices.TrySendAsync(leaId);
        if (generated.Superseded is { } superseded)
            await world.Announcements.TryWithdrawAsync(superseded);
    }

    private async Task ChangedAsync(TestWorld world, Execution execution, ChangeOutcome outcome, bool followsUp, bool isRevocation)
    {
        execution.Outcome = outcome switch { ChangeOutcome.Changed => Outcome.Done, ChangeOutcome.Conflict => Outcome.Conflict, _ => Outcome.Unchanged };
        if (!followsUp || outcome is not ChangeOutcome.Changed changed)
            return;
        if (changed.HasNotice)
            await world.Notices.TrySendAsync(leaId);
        if (isRevocation)
            await world.Announcements.TryWithdrawAsync(changed.Before);
    }

    private async Task<VendorKey?> AuthenticateAsync(TestWorld world, Execution execution, int selected)
    {
        (execution.Key, var secret) = clients.Key(selected);
        return (await world.AuthenticateAsync(leaId, secret, ClientOf(execution.Number)) as AuthenticationOutcome.Authenticated)?.Key;
    }

    private async Task DownloadAsync(TestWorld world, Execution execution, VendorKey? key, bool byLink)
    {
        if (key is null)
        {
            execution.Outcome = Outcome.Refused;
            return;
        }

        var file = await world.Reports.OpenAsync(leaId, Report, default, known: null, RecordAsync, Cancellation);
        using var reader = new StreamReader(file!.Content);
        Assert.Equal(Content, await reader.ReadToEndAsync(Cancellation));
        execution.Outcome = Outcome.Done;

        Task RecordAsync() => world.Disclosures.RecordAsync(
            new Disclosure(leaId, Student, ReportId, key.Generation, ClientOf(execution.Number), byLink, IsWhole: true, world.Clock.GetUtcNow()));
    }

    private ShareId IdOf(int share) => clients.Shares.Find(item => item.Number == share).Id;

    private static Coordinator Person(bool isLuis) => isLuis ? TestWorld.Luis : TestWorld.Rosa;

    private static IEnumerable<ModelEvent> Changes(IReadOnlyList<AuditEntry> entries)
    {
        for (var index = 1; index < entries.Count; index++)
            Invariants.Check(entries[index].At <= entries[index - 1].At, Invariants.AuditTrailIsComplete, "the list of audit events is not newest first");
        return entries.Where(entry => Observation.IsChange(entry.Kind)).Select(entry => new ModelEvent(entry.Kind, entry.Generation, entry.Details.Vendor));
    }
}
