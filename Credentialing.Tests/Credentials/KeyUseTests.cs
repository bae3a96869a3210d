using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

/// <summary>Usage: the last day on which each client used each generation of the secret key.</summary>
[Kind(TestKind.Storage)]
public sealed class KeyUseTests(AzuriteFixture azurite)
{
    private static readonly ClientName Aeries = ClientName.Of("Aeries");
    private static readonly ClientName Seis = ClientName.Of("SEIS");

    [Fact]
    public async Task A_use_takes_one_more_round_trip_only_once_a_day_for_each_client_and_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        var newKey = await RegenerateAsync(world, seenGeneration: 1);

        Assert.Equal((2, 1), (await RoundTripsAsync(world, newKey, Aeries), await RoundTripsAsync(world, newKey, Aeries)));
        Assert.Equal((2, 1), (await RoundTripsAsync(world, newKey, Seis), await RoundTripsAsync(world, newKey, Seis)));
        // The rows of uses are not read any more for a client that was recorded today, so a second key costs a read as well.
        Assert.Equal((3, 1), (await RoundTripsAsync(world, oldKey, Aeries), await RoundTripsAsync(world, oldKey, Aeries)));
        Assert.Equal((1, 1), (await RoundTripsAsync(otherInstance, newKey, Aeries), await RoundTripsAsync(otherInstance, newKey, Aeries)));

        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal((2, 1), (await RoundTripsAsync(world, newKey, Aeries), await RoundTripsAsync(world, newKey, Aeries)));
        Assert.Equal(
            ["Aeries 2 2026-11-24", "SEIS 2 2026-11-23", "Aeries 1 2026-11-23"],
            await UsageAsync(world));
        Assert.Equal(new DateOnly(2026, 11, 24), (await StatusAsync(world)).LastUsedOn);
    }

    [Fact]
    public async Task A_use_never_changes_the_row_of_the_credentials()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        var newKey = await RegenerateAsync(world, seenGeneration: 1);
        var before = (await RowAsync(world, "credential")).ETag;

        foreach (var key in (string[])[oldKey, newKey])
        {
            for (var day = 0; day < 2; day++)
            {
                await world.AuthenticateAsync(TestWorld.Oakland, key, Aeries);
                world.Clock.Advance(TimeSpan.FromDays(1));
            }
        }

        Assert.Equal(before, (await RowAsync(world, "credential")).ETag);
        Assert.Equal(2, (await UsageAsync(world)).Count);
    }

    [Fact]
    public async Task A_bearer_request_records_no_use()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var token = await world.Tokens.IssueAsync((await StatusAsync(world)).Credential!.CurrentKey, TestContext.Current.CancellationToken);

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.Vendors.AuthenticateAsync(token.Value, TestContext.Current.CancellationToken));

        Assert.Empty(await UsageAsync(world));
    }

    [Fact]
    public async Task A_wrong_key_records_no_use()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.AuthenticateAsync(TestWorld.Oakland, SecretKey.Generate().Reveal(), Aeries);
        Assert.Empty(await UsageAsync(world));
    }

    [Theory]
    [InlineData("A & B+C_d-e.f")]
    [InlineData("Señales Más 教育")]
    [InlineData("𝒜eries")] // a letter outside the Basic Multilingual Plane
    [InlineData("a/b\\c#d?e%'f\"")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("+")]
    public async Task Each_name_is_stored_and_read_unchanged(string text)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var name = ClientName.Of(text);

        Assert.Equal(2, await RoundTripsAsync(world, key, name));

        Assert.Equal([$"{name} 1 2026-11-23"], await UsageAsync(world));
        await using var otherInstance = world.AnotherInstance();
        Assert.Equal(1, await RoundTripsAsync(otherInstance, key, name)); // the row is found
    }

    [Fact]
    public async Task The_clients_after_the_first_50_of_a_generation_share_one_row()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        var key = await RegenerateAsync(world, seenGeneration: 1);
        await AddUsesAsync(world, generation: 2, KeyUse.MaxClients);

        Assert.Equal(2, await RoundTripsAsync(world, key, ClientName.Of("client 7")));
        Assert.Equal((2, 1), (await RoundTripsAsync(world, key, Aeries), await RoundTripsAsync(world, key, Seis)));
        Assert.Equal(1, await RoundTripsAsync(world, key, Aeries));
        await world.AuthenticateAsync(TestWorld.Oakland, oldKey, Aeries); // the other generation has its own maximum

        var usage = (await StatusAsync(world)).Usage;
        Assert.Equal((KeyUse.MaxClients + 1, 1), (usage.Count(use => use.Generation == 2), usage.Count(use => use.Generation == 1)));
        Assert.Contains(new KeyUse(ClientName.Other, 2, new DateOnly(2026, 11, 23)), usage);
        Assert.Contains(new KeyUse(ClientName.Of("client 7"), 2, new DateOnly(2026, 11, 23)), usage);
    }

    [Fact]
    public async Task Concurrent_random_names_exceed_the_maximum_by_no_more_than_the_concurrent_requests()
    {
        const int Concurrent = 8;
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var names = 0;

        await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(number => Task.Run(async () =>
        {
            for (var request = 0; request < 15; request++)
            {
                var instance = number % 2 == 0 ? world : otherInstance;
                Assert.IsType<AuthenticationOutcome.Authenticated>(await instance.AuthenticateAsync(TestWorld.Oakland, key, ClientName.Of($"random {Interlocked.Increment(ref names)}")));
            }
        })));

        var usage = (await StatusAsync(world)).Usage;
        Assert.InRange(usage.Count, KeyUse.MaxClients + 1, KeyUse.MaxClients + Concurrent);
        Assert.Contains(usage, use => use.Client == ClientName.Other);
    }

    [Fact]
    public async Task A_regeneration_deletes_the_uses_of_generations_before_the_previous_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.AuthenticateAsync(TestWorld.Oakland, key, Aeries);
        await AddUsesAsync(world, generation: 1, clients: 120); // more than one transaction can delete

        key = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal(121, (await UsageAsync(world)).Count);
        await world.AuthenticateAsync(TestWorld.Oakland, key, Seis);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        Assert.Equal(["SEIS 2 2026-11-23"], await UsageAsync(world));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 3);

        Assert.Empty(await UsageAsync(world));
        Assert.Empty(await UseRowsAsync(world));
    }

    /// <summary>The row of this client, of another one, and one whose key is not valid.</summary>
    [Theory]
    [InlineData("use:000001:Aeries", "LastUsedOn", "rubbish", false)]
    [InlineData("use:000001:Aeries", "LastUsedOn", 1, false)]
    [InlineData("use:000001:Aeries", "SchemaVersion", 2, false)]
    [InlineData("use:000001:SEIS", "LastUsedOn", "rubbish", true)]
    [InlineData("use:000001:SEIS", "SchemaVersion", 2, true)]
    [InlineData("use:000001:a:b", "LastUsedOn", "2026-11-23", true)]
    [InlineData("use:1:Aeries", "LastUsedOn", "2026-11-23", true)]
    [InlineData("use:", "LastUsedOn", "2026-11-23", true)]
    public async Task A_row_of_a_use_that_cannot_be_read_prevents_no_operation_and_is_not_overwritten(string rowKey, string column, object value, bool recorded)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Storage.Leas.AddEntityAsync(
            new TableEntity(TestWorld.Oakland.Value, rowKey) { ["LastUsedOn"] = "2026-11-22", [column] = value }, TestContext.Current.CancellationToken);
        var before = (await RowAsync(world, rowKey)).ETag;

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key, Aeries));

        Assert.Equal(recorded ? ["Aeries 1 2026-11-23"] : [], await UsageAsync(world));
        Assert.Equal(before, (await RowAsync(world, rowKey)).ETag);
        Assert.IsType<ChangeOutcome.Changed>(await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Luis, "Leaked", 1, TestContext.Current.CancellationToken));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1); // the secret key must not be lost after the row was replaced
    }

    /// <summary>The release before recorded the last use in the credential's row.</summary>
    [Fact]
    public async Task A_last_use_recorded_by_the_release_before_is_a_use_by_an_unknown_client_and_stays()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var row = await RowAsync(world, "credential");
        row["LastUsedOn"] = "2026-11-20";
        await world.Storage.Leas.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        Assert.Equal(["unknown 1 2026-11-20"], await UsageAsync(world));

        await RegenerateAsync(world, seenGeneration: 1);
        Assert.Equal(["unknown 1 2026-11-20"], await UsageAsync(world));
        await world.AuthenticateAsync(TestWorld.Oakland, key);

        Assert.Equal(["unknown 1 2026-11-23"], await UsageAsync(world));
    }

    [Fact]
    public async Task A_client_without_a_name_has_one_use_beside_the_one_of_the_release_before()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Storage.Leas.UpdateEntityAsync(
            new TableEntity(TestWorld.Oakland.Value, "credential") { ["LastUsedOn"] = "2026-11-20" }, ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        await world.AuthenticateAsync(TestWorld.Oakland, key);

        Assert.Equal(["unknown 1 2026-11-23"], await UsageAsync(world));
        await RegenerateAsync(world, seenGeneration: 1);
        Assert.Equal(["unknown 1 2026-11-23"], await UsageAsync(world));
    }

    /// <summary>Adds uses by "client 0", "client 1" and so on, of the day before.</summary>
    private static async Task AddUsesAsync(TestWorld world, int generation, int clients)
    {
        foreach (var numbers in Enumerable.Range(0, clients).Chunk(100)) // the maximum of a transaction
        {
            await world.Storage.Leas.SubmitTransactionAsync(
                numbers.Select(number => new TableTransactionAction(
                    TableTransactionActionType.Add, new KeyUse(ClientName.Of($"client {number}"), generation, new DateOnly(2026, 11, 22)).Write(TestWorld.Oakland))),
                TestContext.Current.CancellationToken);
        }
    }

    private static async Task<int> RoundTripsAsync(TestWorld world, string key, ClientName client)
    {
        world.Traffic.Reset();
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key, client));
        return world.Traffic.Requests.Count;
    }

    private static async Task<string> RegenerateAsync(TestWorld world, int seenGeneration) =>
        Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            TestWorld.Oakland, TestWorld.Rosa, ReleaseWording.Current, seenGeneration, Credential.MaxOverlapDays, TestContext.Current.CancellationToken)).SecretKey.Reveal();

    private static async Task<IReadOnlyList<string>> UsageAsync(TestWorld world) =>
        [.. (await StatusAsync(world)).Usage.Select(use => $"{use.Client} {use.Generation} {use.LastUsedOn:O}")];

    private static async Task<IReadOnlyList<TableEntity>> UseRowsAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Leas")).Where(row => row.RowKey.StartsWith("use:", StringComparison.Ordinal))];

    private static async Task<TableEntity> RowAsync(TestWorld world, string rowKey) => Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey == rowKey);

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
}
