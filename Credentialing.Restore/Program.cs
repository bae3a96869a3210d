using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Credentialing.Core;
using Credentialing.Core.Backups;
using Credentialing.Core.Leas;
using Credentialing.Core.Recovery;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;

// Restores a backup of the LEAs. docs/recovery.md describes when and how to use it.
const string KeyVariable = "STORAGE_ACCOUNT_KEY";

var tables = new Option<Uri>("--tables") { Description = "The address of the tables: https://ACCOUNT.table.core.windows.net", Required = true };
var backups = new Option<Uri>("--backups") { Description = "The address of the blobs of the backup account: https://ACCOUNT.blob.core.windows.net", Required = true };
var backup = new Option<string>("--backup") { Description = "The name of the backup, such as 2026-11-27T160000Z. The default is the latest." };
var changed = new Option<LeaId[]>("--changed")
{
    Description = "CDS codes of LEAs whose credentials were changed after the backup, but not logged. They come back revoked.",
    AllowMultipleArgumentsPerToken = true,
    CustomParser = ParseLeas,
};
var timeZone = new Option<string>("--time-zone") { Description = "The time zone of the LEAs.", DefaultValueFactory = _ => "America/Los_Angeles" };
var list = new Option<bool>("--list") { Description = "List the names of all backups, and do nothing else." };
var apply = new Option<bool>("--apply") { Description = "Insert the missing rows. Without it, nothing is changed." };
var command = new RootCommand(
    $"Restores a backup of the LEAs: inserts the rows that are missing, and rebuilds the expiration index. Signs in as the user of \"az login\"; for an emulator (http), {KeyVariable} contains the account's key.")
{
    tables, backups, backup, changed, timeZone, list, apply,
};
command.SetAction(async (arguments, cancellationToken) =>
{
    try
    {
        return await RunAsync(arguments, cancellationToken);
    }
    catch (Exception failure) when (failure is RequestFailedException or AggregateException or InvalidDataException or AuthenticationFailedException)
    {
        await Console.Error.WriteLineAsync($"Failed: {FailureReason.Of(failure)}. The command can be repeated.");
        return 1;
    }
});
return await command.Parse(args).InvokeAsync();

async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
{
    var store = new BackupStore(Blobs(arguments.GetValue(backups)!));
    var archive = new BackupArchive(store, TimeProvider.System);
    var names = await archive.ListAsync(BackupArchive.Leas, cancellationToken).ToListAsync(cancellationToken);
    if (arguments.GetValue(list))
    {
        names.ForEach(Console.WriteLine);
        return 0;
    }

    var name = arguments.GetValue(backup) ?? names.LastOrDefault();
    if (name is null || !names.Contains(name))
    {
        await Console.Error.WriteLineAsync(name is null ? "There is no backup." : $"There is no complete backup {name}. --list lists them.");
        return 1;
    }

    // The reports are not restored: no other container is read.
    var storage = new CredentialingStorage(Tables(arguments.GetValue(tables)!), Blobs(arguments.GetValue(backups)!));
    var calendar = new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById(arguments.GetValue(timeZone)!));
    var service = new RestoreService(storage, store, archive, new ExpirationRestoration(storage, calendar, TimeProvider.System), TimeProvider.System);
    var isApplied = arguments.GetValue(apply);
    Console.WriteLine($"Backup {name}.");
    var report = await service.RunAsync(new RestoreRequest(name, isApplied, (arguments.GetValue(changed) ?? []).ToHashSet()), new Progress(), cancellationToken);
    Print(report, isApplied);
    return report.Failures.Count == 0 ? 0 : 1;
}

static void Print(RestoreReport report, bool isApplied)
{
    Line($"The backup of {report.StartedAt:yyyy-MM-dd HH:mm:ss} UTC has {report.Rows} rows.");
    Line($"{(isApplied ? "Inserted" : "To be inserted")}: {report.Inserted} rows that were missing, with the credentials of {report.Credentials} LEAs.");
    if (report.Indexed is { } indexed)
        Line($"The expiration index has {indexed} credentials.");
    foreach (var (version, keys) in report.PepperVersions.OrderByDescending(version => version.Value))
        Line($"{keys} keys need version {version} of the pepper. It must be enabled in the vault.");
    PrintLeas("Call these LEAs. They changed their credentials after the backup, so their keys come back revoked:", report.Revoked);
    PrintLeas("Call these LEAs. They generated their first credentials after the backup, and must generate new ones:", report.Lost);
    if (report.Failures.Count > 0)
        Line($"These LEAs are not restored completely:");
    foreach (var (lea, reason) in report.Failures)
        Line($"  {lea}  {reason}");
    if (!isApplied)
        Line($"Nothing was changed. To insert the rows, repeat the command with --apply.");
}

static void PrintLeas(string heading, IReadOnlyList<AffectedLea> leas)
{
    if (leas.Count > 0)
        Console.WriteLine(heading);
    foreach (var lea in leas)
        Console.WriteLine($"  {lea.LeaId}  {lea.Name}".TrimEnd());
}

static void Line(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

static TableServiceClient Tables(Uri address) => KeyOf(address) is { } key
    ? new TableServiceClient(address, new TableSharedKeyCredential(AccountOf(address), key))
    : new TableServiceClient(address, Identity());

static BlobServiceClient Blobs(Uri address) => KeyOf(address) is { } key
    ? new BlobServiceClient(address, new StorageSharedKeyCredential(AccountOf(address), key))
    : new BlobServiceClient(address, Identity());

static string? KeyOf(Uri address) => address.Scheme == Uri.UriSchemeHttp ? Environment.GetEnvironmentVariable(KeyVariable) : null;

static string AccountOf(Uri address) => address.Segments[^1].TrimEnd('/');

static TokenCredential Identity() => new AzureCliCredential();

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

/// <summary>Shows the number of LEAs that were processed.</summary>
internal sealed class Progress : IProgress<int>
{
    private const int Step = 1_000;

    /// <inheritdoc/>
    public void Report(int value)
    {
        if (value % Step == 0)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value} LEAs..."));
    }
}
