using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>Verifies the statements of docs/vendor-guide.md against the API.</summary>
[Kind(TestKind.Process)]
public sealed class VendorGuideTests(AzuriteFixture azurite, ProgramFiles files) : IClassFixture<ProgramFiles>
{
    private const string Reports = "v1/students/9016125901/score-reports";
    private const string Report = Reports + "/2026-ssr-en.pdf";

    [Theory]
    [InlineData("POST token")]
    [InlineData("GET credential")]
    [InlineData("GET students/{ssid}/score-reports")]
    [InlineData("Links for a parent's browser")]
    public async Task The_response_to_a_command_has_the_members_of_its_example(string heading)
    {
        await using var setup = await Setup.CreateAsync(azurite, files);

        var response = await setup.RunInShellAsync(Assert.Single(VendorGuide.Blocks(heading, "sh")));

        Assert.Equal(Shape(Assert.Single(VendorGuide.Blocks(heading, "json"))), Shape(response));
    }

    [Fact]
    public async Task The_error_examples_match_the_responses()
    {
        await using var setup = await Setup.CreateAsync(azurite, files);
        var examples = VendorGuide.Blocks("Errors", "json");

        AssertSameJson(examples[0], (await setup.WithTokenAsync("v1/credential", "eyJ")).Text);
        AssertSameJson(examples[1], (await setup.RequestTokenAsync(SecretKey.Generate().Reveal(), "grant_type=client_credentials")).Text);
        Assert.Equal(2, examples.Length);
    }

    [Fact]
    public async Task A_download_is_saved_under_the_documented_file_name()
    {
        await using var setup = await Setup.CreateAsync(azurite, files);
        await setup.RunInShellAsync(VendorGuide.Blocks("GET students/{ssid}/score-reports/{id}", "sh")[0]);
        Assert.Equal(["9016125901-2026-ssr-en.pdf"], setup.Downloaded);
    }

    [Fact]
    public async Task The_command_with_an_ETag_downloads_a_file_only_if_it_has_changed()
    {
        await using var setup = await Setup.CreateAsync(azurite, files);
        var command = VendorGuide.Blocks("GET students/{ssid}/score-reports/{id}", "sh")[1];

        await setup.RunInShellAsync(command);
        Assert.Equal("the first", await setup.ReadAsync("report.pdf"));
        Assert.Equal("304", await setup.RunInShellAsync(WithStatus(command)));
        Assert.Equal("the first", await setup.ReadAsync("report.pdf"));
        await setup.UploadAsync("the second");
        Assert.Equal("200", await setup.RunInShellAsync(WithStatus(command)));
        Assert.Equal("the second", await setup.ReadAsync("report.pdf"));

        static string WithStatus(string command) => command.TrimEnd() + " --write-out '%{http_code}'";
    }

    /// <summary>Triggers every error in the two tables. The tables must be complete and contain no other rows.</summary>
    [Fact]
    public async Task The_tables_list_exactly_the_errors_that_a_vendor_can_get()
    {
        await using var setup = await Setup.CreateAsync(azurite, files);
        var token = await setup.TokenAsync();
        var responses = new List<ApiResponse>
        {
            await setup.WithTokenAsync("v1/students/901612590/score-reports", token),
            await setup.WithTokenAsync(Reports + "?links=all", token),
            await setup.Host.SendAsync(HttpMethod.Get, Report + "?link=eyJ"),
            await setup.WithTokenAsync(Reports, "eyJ"),
            await setup.WithTokenAsync(Reports + "/2026-ssr-fr.pdf", token),
            await setup.RequestTokenAsync(setup.Key, "grant_type=password"),
            await setup.RequestTokenAsync(setup.Key, "grant_type=client_credentials&scope=all"),
            await setup.RequestTokenAsync(setup.Key, "grant_type="),
            await setup.RequestTokenAsync("tsk_", "grant_type=client_credentials"),
        };
        setup.World.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        responses.Add(await setup.WithTokenAsync(Reports, token));
        setup.World.Traffic.InjectFault = null;
        var revoked = await setup.Host.MustGenerateAsync("bea", TestWorld.Berkeley);
        await setup.Host.MustRevokeAsync("bea", TestWorld.Berkeley, seenGeneration: 1);
        responses.Add(await setup.Host.AsVendorAsync(TestWorld.Berkeley, revoked, "v1/credential"));
        responses.Add(await setup.RequestTokenAsync(revoked, "grant_type=client_credentials", TestWorld.Berkeley));
        setup.World.Clock.Advance(TimeSpan.FromDays(365));
        responses.Add(await setup.Host.AsVendorAsync(TestWorld.Oakland, setup.Key, "v1/credential"));
        responses.Add(await setup.RequestTokenAsync(setup.Key, "grant_type=client_credentials"));
        await setup.World.Storage.Leas.UpsertEntityAsync(new TableEntity(TestWorld.Oakland.Value, "credential"), TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        responses.Add(await setup.Host.AsVendorAsync(TestWorld.Oakland, setup.Key, "v1/credential"));

        ApiResponse refused;
        do
            refused = await setup.RequestTokenAsync("tsk_", "grant_type=client_credentials");
        while (refused.Status is HttpStatusCode.Unauthorized);
        responses.Add(refused);
        responses.Add(await setup.Host.AsVendorAsync(TestWorld.Oakland, "tsk_", "v1/credential"));

        var actual = responses.Select(response => (Status: $"{(int)response.Status}", Type: response.Json.GetProperty("type").GetString()!.Split(':')[^1]));
        Assert.Equal(actual.Order(), VendorGuide.Rows("Errors").Select(row => (row[0], row[1].Trim('`'))).Order());
        Assert.All(
            VendorGuide.Rows("Errors").Where(row => row.Length == 5),
            row => Assert.Contains(responses, response => response.Json.TryGetProperty("error", out var error) && $"`{error.GetString()}`" == row[2] && response.Json.GetProperty("type").GetString()!.EndsWith(row[1].Trim('`'), StringComparison.Ordinal)));
        Assert.All(
            responses.Where(response => response.Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests),
            response => Assert.NotNull(response.Headers.RetryAfter));
    }

    [Fact]
    public async Task HEAD_returns_404()
    {
        await using var setup = await Setup.CreateAsync(azurite, files);
        Assert.Equal(HttpStatusCode.NotFound, (await setup.Host.SendAsync(HttpMethod.Head, Report, headers: ["Authorization", TestHost.Basic(TestWorld.Oakland, setup.Key)])).Status);
    }

    /// <summary>The names and kinds of all JSON members, in order.</summary>
    private static string Shape(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ShapeOf(document.RootElement);

        static string ShapeOf(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Object => $"{{{string.Join(", ", element.EnumerateObject().Select(member => $"{member.Name}: {ShapeOf(member.Value)}"))}}}",
            JsonValueKind.Array => $"[{string.Join(", ", element.EnumerateArray().Select(ShapeOf))}]",
            var kind => kind.ToString(),
        };
    }

    private static void AssertSameJson(string expected, string actual)
    {
        using var one = JsonDocument.Parse(expected);
        using var other = JsonDocument.Parse(actual);
        Assert.Equal(JsonSerializer.Serialize(one), JsonSerializer.Serialize(other));
    }

    /// <summary>Oakland's vendor, one report in storage, and a shell in an empty folder.</summary>
    private sealed class Setup(TestWorld world, TestHost host, ProgramFiles files, string key) : IAsyncDisposable
    {
        private readonly TemporaryFolder folder = new();

        internal TestWorld World => world;

        internal TestHost Host => host;

        internal string Key => key;

        internal IEnumerable<string?> Downloaded => Directory.GetFiles(folder.Path).Select(Path.GetFileName);

        internal static async Task<Setup> CreateAsync(AzuriteFixture azurite, ProgramFiles files)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world);
            var setup = new Setup(world, host, files, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
            await setup.UploadAsync("the first");
            return setup;
        }

        internal Task UploadAsync(string content) => world.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString(content), new BlobUploadOptions(), TestContext.Current.CancellationToken);

        internal Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(folder.Path, file), TestContext.Current.CancellationToken);

        /// <summary>Runs a command in a shell in which the guide's variables are set. Returns its output.</summary>
        internal async Task<string> RunInShellAsync(string command)
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
            var token = Assert.Single(VendorGuide.Blocks("POST token", "bash"));
            var ended = await VendorProgram.RunProgramAsync("sh", ["-c", $"{token}\n{command}"], folder.Path, files.Settings(host, key));
            Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
            return ended.Output;
        }

        internal Task<ApiResponse> WithTokenAsync(string path, string token) => host.SendAsync(HttpMethod.Get, path, headers: ["Authorization", $"Bearer {token}"]);

        internal async Task<ApiResponse> RequestTokenAsync(string secretKey, string form, LeaId? lea = null)
        {
            using var content = new StringContent(form, null, "application/x-www-form-urlencoded");
            return await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", TestHost.Basic(lea ?? TestWorld.Oakland, secretKey));
        }

        internal async Task<string> TokenAsync() =>
            (await RequestTokenAsync(key, "grant_type=client_credentials")).Json.GetProperty("access_token").GetString()!;

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await world.DisposeAsync();
            folder.Dispose();
        }
    }
}
