using System.Diagnostics;
using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Recovery;

/// <summary>The command, in a separate process.</summary>
[Kind(TestKind.Process)]
public sealed class RestoreCommandTests
{
    private const string Account = "restore";

    /// <summary>The superseded key, the audit event, the notice, and the row of an announcement that MyTOMS may have.</summary>
    private const int RowsOfRevocation = 4;

    /// <summary>Now, because the command uses the system clock.</summary>
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();

    /// <summary>Twice as many as there are in California. <c>CREDENTIALING_LEAS</c> overrides it.</summary>
    private static readonly int Leas = int.TryParse(Environment.GetEnvironmentVariable("CREDENTIALING_LEAS"), CultureInfo.InvariantCulture, out var value) ? value : 4_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The emulator is this test's own, because the other tests would wait for it.</summary>
    [Fact]
    public async Task The_command_restores_all_LEAs()
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [Account], Cancellation);
        var account = new StorageAccount(azurite, Account);
        await using var world = await TestWorld.CreateAsync(account, Start);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []));
        await world.SaveAsync(new Lea(TestWorld.Berkeley, "Berkeley Unified", []));
        await world.MustGenerateAsync(TestWorld.Berkeley);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var backup = await world.Archive.WriteAsync(BackupArchive.Leas, Rows(await world.RowsAsync("Leas")), new HashSet<string>(), Cancellation);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        foreach (var table in (TableClient[])[world.Storage.Leas, world.Storage.Expirations])
            await table.DeleteAsync(Cancellation);
        await world.Storage.CreateMissingAsync(Cancellation);

        var preview = await RunAsync(account, "leas");
        var result = await RunAsync(account, "leas", "--apply");

        Assert.Equal((0, ""), (preview.ExitCode, preview.Errors));
        Assert.EndsWith("Nothing was changed. To insert the rows, repeat the command with --apply.\n", preview.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Contains($"with the credentials of {Leas} LEAs.", result.Output, StringComparison.Ordinal);
        Assert.Contains($"The expiration index has entries for {Leas} credentials.", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n  01611430000000  Berkeley Unified\n", result.Output, StringComparison.Ordinal);
        world.Clock.Advance(TimeSpan.FromDays(1));
        var expiring = TimeProvider.System.GetUtcNow().AddDays(CredentialStatus.ExpiringDays + 1);
        var mayHaveAnnouncement = Enumerable.Range(1, Leas - 2).Count(number => Start.AddDays(DaysRemaining(number)) <= expiring);
        Assert.Equal(backup.Rows + RowsOfRevocation + mayHaveAnnouncement, (await world.Backups.BackUpAsync(Cancellation)).Leas.Rows);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    [Fact]
    public async Task The_command_explains_what_is_wrong()
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [Account], Cancellation);
        var account = new StorageAccount(azurite, Account);
        await using var world = await TestWorld.CreateAsync(account, Start);

        Assert.Equal((1, "There is no backup.\n"), await FailAsync("leas"));
        await world.Backups.BackUpAsync(Cancellation);
        Assert.Equal((1, "There is no complete backup 2026-11-22T160000Z. The command list shows them.\n"), await FailAsync("leas", "--backup", "2026-11-22T160000Z"));
        Assert.StartsWith("\"0161259\" is not a CDS code of 14 digits.", (await FailAsync("leas", "--changed", "0161259")).Errors, StringComparison.Ordinal);
        await world.BackupContainer.DeleteAsync(cancellationToken: Cancellation);
        Assert.Equal((1, "Failed: HTTP 404 ContainerNotFound. The command can be repeated.\n"), await FailAsync("leas"));

        async Task<(int ExitCode, string Errors)> FailAsync(params string[] arguments)
        {
            var result = await RunAsync(account, arguments);
            return (result.ExitCode, result.Errors);
        }
    }

    /// <summary>Oakland's rows as those of many LEAs, which expire on different dates, and the rows themselves, in the order of the table.</summary>
    private static IAsyncEnumerable<TableEntity> Rows(IReadOnlyList<TableEntity> rows) =>
        Enumerable.Range(1, Leas - 2)
            .SelectMany(number => rows.Where(row => row.PartitionKey == TestWorld.Oakland.Value).Select(row => Copy(row, number)))
            .Concat(rows)
            .ToAsyncEnumerable();

    private static TableEntity Copy(TableEntity row, int number)
    {
        var copy = new TableEntity(row) { PartitionKey = $"{number:D14}" };
        if (row.RowKey == "credential")
            copy["ExpiresAt"] = row.GetDateTimeOffset("ExpiresAt")!.Value.AddDays(DaysRemaining(number) - Credential.Lifetime.Days);
        return copy;
    }

    private static int DaysRemaining(int number) => Credential.Lifetime.Days - number % Credential.Lifetime.Days;

    private static Task<ProcessResult> RunAsync(StorageAccount account, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Credentialing.Restore.dll"), arguments[0], "--tables", account.TableAddress.ToString(), "--backups", account.BlobAddress.ToString(), .. arguments[1..]]);
        start.Environment["TABLES_KEY"] = start.Environment["BACKUPS_KEY"] = account.Key;
        return ProcessResult.RunAsync(start);
    }
}
