using System.Diagnostics;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Recovery;

/// <summary>The command, in a separate process.</summary>
[Kind(TestKind.Process)]
public sealed class RestoreCommandTests(AzuriteFixture azurite)
{
    private const int Leas = 20_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The operations guide promises an hour. Azurite is slower than Azure.</summary>
    [Fact]
    public async Task The_command_restores_20_000_LEAs()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]));
        await world.SaveAsync(new Lea(TestWorld.Berkeley, "Berkeley Unified", [TestWorld.Luis]));
        await world.MustGenerateAsync(TestWorld.Berkeley);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var template = (await world.RowsAsync("Leas")).Where(row => row.PartitionKey == TestWorld.Oakland.Value).ToList();
        await Parallel.ForEachAsync(Enumerable.Range(1, Leas - 2), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation }, async (number, token) =>
            await world.Storage.Leas.SubmitTransactionAsync(template.Select(row => new TableTransactionAction(TableTransactionActionType.Add, Copy(row, $"{number:D14}"))), token));
        await world.Backups.BackUpAsync(Cancellation);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        foreach (var table in (TableClient[])[world.Storage.Leas, world.Storage.Expirations])
            await table.DeleteAsync(Cancellation);
        await world.Storage.CreateMissingAsync(Cancellation);

        var result = await RunAsync(world, "leas", "--apply");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Contains($"with the credentials of {Leas} LEAs.", result.Output, StringComparison.Ordinal);
        Assert.Contains($"The expiration index has {Leas} credentials.", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n  01611430000000  Berkeley Unified\n", result.Output, StringComparison.Ordinal);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    private static TableEntity Copy(TableEntity row, string partition)
    {
        var copy = new TableEntity(row) { PartitionKey = partition };
        copy.Remove("odata.etag");
        return copy;
    }

    private static Task<ProcessResult> RunAsync(TestWorld world, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Credentialing.Restore.dll"), arguments[0], "--tables", world.Account.TableAddress.ToString(), "--backups", world.Account.BlobAddress.ToString(), .. arguments[1..]]);
        start.Environment["TABLES_KEY"] = start.Environment["BACKUPS_KEY"] = world.Account.Key;
        return ProcessResult.RunAsync(start);
    }
}
