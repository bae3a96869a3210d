using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Credentialing.Core;
using Credentialing.Core.Backups;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leas;
using Credentialing.Core.Recovery;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;

// Restores backups. docs/recovery.md describes when and how to use it.
// The keys of emulators. Accounts on Azure have none.
const string TablesKey = "TABLES_KEY";
const string BackupsKey = "BACKUPS_KEY";

var tables = new Option<Uri>("--tables") { Description = "The address of the tables: https://ACCOUNT.table.core.windows.net", Required = true, CustomParser = ParseAddress };
var backups = new Option<Uri>("--backups") { Description = "The address of the backup account: https://ACCOUNT.blob.core.windows.net", Required = true, CustomParser = ParseAddress };
var timeZone = new Option<string>("--time-zone") { Description = "The time zone of the LEAs.", DefaultValueFactory = _ => "America/Los_Angeles" };
var apply = new Option<bool>("--apply") { Description = "Insert the missing rows. Without it, nothing is changed." };
var backup = new Option<string>("--backup") { Description = "The name of the backup, such as 2026-11-27T160000Z. The default is the latest." };
var changed = new Option<LeaId[]>("--changed")
{
    Description = "CDS codes of LEAs whose credentials were changed after the backup, but not logged. They come back revoked.",
    AllowMultipleArgumentsPerToken = true,
    CustomParser = ParseLeas,
};

var list = new Command("list", "Lists the backups of the LEAs.") { backups };
list.SetAction((arguments, cancellationToken) => RunAsync(() => ListAsync(arguments, cancellationToken)));
var leas = new Command("leas", "Inserts the missing rows of the table Leas from a backup, and their entries of the expiration index.") { tables, backups, backup, changed, timeZone, apply };
leas.SetAction((arguments, cancellationToken) => RunAsync(() => RestoreLeasAsync(arguments, cancellationToken)));
var disclosures = new Command("disclosures", "Inserts the missing rows of the table Disclosures from all backups.") { tables, backups, timeZone, apply };
disclosures.SetAction((arguments, cancellationToken) => RunAsync(() => RestoreDisclosuresAsync(arguments, cancellationToken)));
var root = new RootCommand($"Restores backups. Signs in as the user of \"az login\"; for emulators (http), {TablesKey} and {BackupsKey} contain the keys of the accounts.") { list, leas, disclosures };
return await root.Parse(args).InvokeAsync();

static async Task<int> RunAsync(Func<Task<int>> action)
{
    try
    {
        return await action();
    }
    catch (Exception failure) when (failure is RequestFailedException or AggregateException or InvalidDataException or AuthenticationFailedException or UnreadableRowException)
    {
        await Console.Error.WriteLineAsync($"Failed: {FailureReason.Of(failure)}. The command can be repeated.");
        return 1;
    }
}

async Task<int> ListAsync(ParseResult arguments, CancellationToken cancellationToken)
{
    await foreach (var name in Archive(arguments).ListAsync(BackupArchive.Leas, cancellationToken))
        Console.WriteLine(name);
    return 0;
}

async Task<int> RestoreLeasAsync(ParseResult arguments, CancellationToken cancellationToken)
{
    var archive = Archive(arguments);
    var names = await archive.ListAsync(BackupArchive.Leas, cancellationToken).ToListAsync(cancellationToken);
    var name = arguments.GetValue(backup) ?? names.LastOrDefault();
    if (name is null || !names.Contains(name))
    {
        await Console.Error.WriteLineAsync(name is null ? "There is no backup." : $"There is no complete backup {name}. The command list shows them.");
        return 1;
    }

    var (storage, isApplied) = (Storage(arguments), arguments.GetValue(apply));
    var service = new RestoreService(storage, Store(arguments), archive, new ExpirationRestoration(storage, Calendar(arguments), TimeProvider.System), TimeProvider.System);
    Console.WriteLine($"Backup {name}.");
    var request = new RestoreRequest(name, isApplied, (arguments.GetValue(changed) ?? []).ToHashSet());
    var report = await service.RunAsync(request, new Progress("LEAs"), cancellationToken);
    Line($"The backup of {report.StartedAt:yyyy-MM-dd HH:mm:ss} UTC has {report.Rows} rows.");
    Line($"{(isApplied ? "Inserted" : "To be inserted")}: {report.Inserted} rows, with the credentials of {report.Credentials} LEAs.");
    if (report.Indexed is { } indexed)
        Line($"The expiration index has entries for {indexed} credentials.");
    foreach (var (version, keys) in report.PepperVersions.OrderByDescending(version => version.Value))
        Line($"{keys} keys need version {version} of the pepper. It must be enabled in the vault.");
    PrintLeas("Call these LEAs. They changed their credentials after the backup, so their keys come back revoked:", report.Revoked);
    PrintLeas("Call these LEAs. They generated their first credentials after the backup, and must generate new ones:", report.Lost);
    if (report.Failures.Count > 0)
        Line($"These LEAs are not restored completely:");
    foreach (var (lea, reason) in report.Failures)
        Line($"  {lea}  {reason}");
    PrintHint(isApplied);
    return report.Failures.Count == 0 ? 0 : 1;
}

async Task<int> RestoreDisclosuresAsync(ParseResult arguments, CancellationToken cancellationToken)
{
    var isApplied = arguments.GetValue(apply);
    var restoration = new DisclosureBackup(Storage(arguments), Archive(arguments), Calendar(arguments));
    var (count, unreadable) = await restoration.RestoreAsync(isApplied, new Progress("downloads"), cancellationToken);
    Line($"{(isApplied ? "Inserted, if they were missing" : "In the backups")}: {count} downloads. Those of the last days are in two backups, and count twice.");
    if (unreadable > 0)
        Line($"{unreadable} rows cannot be read. They are not restored.");
    PrintHint(isApplied);
    return unreadable == 0 ? 0 : 1;
}

static void PrintHint(bool isApplied)
{
    if (!isApplied)
        Console.WriteLine("Nothing was changed. To insert the rows, repeat the command with --apply.");
}

static void PrintLeas(string heading, IReadOnlyList<AffectedLea> leas)
{
    if (leas.Count > 0)
        Console.WriteLine(heading);
    foreach (var lea in leas)
        Console.WriteLine($"  {lea.LeaId}  {lea.Name}".TrimEnd());
}

static void Line(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

BackupStore Store(ParseResult arguments) => new(Blobs(arguments.GetValue(backups)!));

BackupArchive Archive(ParseResult arguments) => new(Store(arguments), TimeProvider.System);

// The reports are not restored: no other container is read.
CredentialingStorage Storage(ParseResult arguments) => new(Tables(arguments.GetValue(tables)!), Blobs(arguments.GetValue(backups)!));

LeaCalendar Calendar(ParseResult arguments) => new(TimeZoneInfo.FindSystemTimeZoneById(arguments.GetValue(timeZone)!));

static TableServiceClient Tables(Uri address) => KeyOf(address, TablesKey) is { } key
    ? new TableServiceClient(address, new TableSharedKeyCredential(AccountOf(address), key))
    : new TableServiceClient(address, new AzureCliCredential());

static BlobServiceClient Blobs(Uri address) => KeyOf(address, BackupsKey) is { } key
    ? new BlobServiceClient(address, new StorageSharedKeyCredential(AccountOf(address), key))
    : new BlobServiceClient(address, new AzureCliCredential());

static string? KeyOf(Uri address, string variable) => address.Scheme == Uri.UriSchemeHttp ? Environment.GetEnvironmentVariable(variable) : null;

static string AccountOf(Uri address) => address.Segments[^1].TrimEnd('/');

static Uri? ParseAddress(ArgumentResult result)
{
    if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.IsLoopback))
        return address;
    result.AddError($"\"{result.Tokens[0].Value}\" is not an https address.");
    return null;
}

static LeaId[] ParseLeas(ArgumentResult result)
{
    var leas = new List<LeaId>();
    foreach (var token in result.Tokens)
    {
        if (LeaId.TryParse(token.Value, out var leaId))
            leas.Add(leaId);
        else
            result.AddError($"\"{token.Value}\" is not a CDS code of 14 digits.");
    }

    return [.. leas];
}

/// <summary>Shows how many were processed.</summary>
/// <param name="what">What is counted.</param>
internal sealed class Progress(string what) : IProgress<long>
{
    private const long Step = 1_000;

    private readonly Lock showing = new();
    private long next = Step;

    /// <inheritdoc/>
    public void Report(long value)
    {
        lock (showing)
        {
            if (value < next)
                return;
            next = value - (value % Step) + Step;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value} {what}..."));
        }
    }
}
