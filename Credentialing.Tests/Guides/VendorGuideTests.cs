using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.Credentials;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>Verifies the statements of docs/vendor-guide.md against the API.</summary>
public sealed class VendorGuideTests(AzuriteFixture azurite, ProgramFiles files) : IClassFixture<ProgramFiles>
{
    private const string Reports = "v1/students/9016125901/score-reports";
    private const string Report = Reports + "/2026-ssr-en.pdf";

    [Theory]
    [InlineData("POST token")]
    [InlineData("GET credential")]
    [InlineData("GET students/{ssid}/score-reports")]
    public async Task A_command_gets_an_answer_with_the_very_members_of_its_example(string heading)
    {
        await using var scene = await Scene.SetAsync(azurite, files);

        var response = await scene.PasteAsync(Assert.Single(VendorGuide.Blocks(heading, "sh")));

        Assert.Equal(Shape(Assert.Single(VendorGuide.Blocks(heading, "json"))), Shape(response));
    }

    [Fact]
    public async Task The_examples_of_errors_are_what_is_answered()
    {
        await using var scene = await Scene.SetAsync(azurite, files);
        var examples = VendorGuide.Blocks("Errors", "json");

        AssertSameJson(examples[0], (await scene.WithTokenAsync("v1/credential", "eyJ")).Text);
        AssertSameJson(examples[1], (await scene.AskForTokenAsync(SecretKey.Generate().Reveal(), "grant_type=client_credentials")).Text);
        Assert.Equal(2, examples.Length);
    }

    [Fact]
    public async Task A_file_comes_under_the_name_that_the_guide_says()
    {
        await using var scene = await Scene.SetAsync(azurite, files);
        await scene.PasteAsync(VendorGuide.Blocks("GET students/{ssid}/score-reports/{id}", "sh")[0]);
        Assert.Equal(["9016125901-2026-ssr-en.pdf"], scene.Downloaded);
    }

    [Fact]
    public async Task The_command_that_keeps_the_ETag_downloads_a_file_only_when_it_has_changed()
    {
        await using var scene = await Scene.SetAsync(azurite, files);
        var command = VendorGuide.Blocks("GET students/{ssid}/score-reports/{id}", "sh")[1];

        await scene.PasteAsync(command);
        Assert.Equal("the first", await scene.ReadAsync("report.pdf"));
        Assert.Equal("304", await scene.PasteAsync(AndStatus(command)));
        Assert.Equal("the first", await scene.ReadAsync("report.pdf"));
        await scene.UploadAsync("the second");
        Assert.Equal("200", await scene.PasteAsync(AndStatus(command)));
        Assert.Equal("the second", await scene.ReadAsync("report.pdf"));

        static string AndStatus(string command) => command.TrimEnd() + " --write-out '%{http_code}'";
    }

    /// <summary>Triggers every error in the two tables. The tables must be complete and contain no other rows.</summary>
    [Fact]
    public async Task The_errors_that_a_vendor_can_meet_are_those_of_the_tables()
    {
        await using var scene = await Scene.SetAsync(azurite, files);
        var token = await scene.TokenAsync();
        var responses = new List<ApiResponse>
        {
            await scene.WithTokenAsync("v1/students/901612590/score-reports", token),
            await scene.WithTokenAsync(Reports, "eyJ"),
            await scene.WithTokenAsync(Reports + "/2026-ssr-fr.pdf", token),
            await scene.AskForTokenAsync(scene.Key, "grant_type=password"),
            await scene.AskForTokenAsync(scene.Key, "grant_type=client_credentials&scope=all"),
            await scene.AskForTokenAsync(scene.Key, "grant_type="),
            await scene.AskForTokenAsync("tsk_", "grant_type=client_credentials"),
        };
        scene.World.Traffic.Break = _ => Fault.Before;
        responses.Add(await scene.WithTokenAsync(Reports, token));
        scene.World.Traffic.Break = null;
        scene.World.Clock.Advance(TimeSpan.FromDays(365));
        responses.Add(await scene.Host.AsVendorAsync(TestWorld.Oakland, scene.Key, "v1/credential"));
        responses.Add(await scene.AskForTokenAsync(scene.Key, "grant_type=client_credentials"));
        await scene.World.Storage.Leas.UpsertEntityAsync(new TableEntity(TestWorld.Oakland.Value, "credential"), TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        responses.Add(await scene.Host.AsVendorAsync(TestWorld.Oakland, scene.Key, "v1/credential"));

        var met = responses.Select(response => (Status: $"{(int)response.Status}", Type: response.Json.GetProperty("type").GetString()!.Split(':')[^1]));
        Assert.Equal(met.Order(), VendorGuide.Rows("Errors").Select(row => (row[0], row[1].Trim('`'))).Order());
        Assert.All(
            VendorGuide.Rows("Errors").Where(row => row.Length == 5),
            row => Assert.Contains(responses, response => response.Json.TryGetProperty("error", out var error) && $"`{error.GetString()}`" == row[2] && response.Json.GetProperty("type").GetString()!.EndsWith(row[1].Trim('`'), StringComparison.Ordinal)));
        Assert.All(
            responses.Where(response => response.Status == HttpStatusCode.ServiceUnavailable),
            response => Assert.NotNull(response.Headers.RetryAfter));
    }

    [Fact]
    public async Task HEAD_is_a_404()
    {
        await using var scene = await Scene.SetAsync(azurite, files);
        Assert.Equal(HttpStatusCode.NotFound, (await scene.Host.SendAsync(HttpMethod.Head, Report, headers: ["Authorization", TestHost.Basic(TestWorld.Oakland, scene.Key)])).Status);
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
    private sealed class Scene(TestWorld world, TestHost host, ProgramFiles files, string key) : IAsyncDisposable
    {
        private readonly TemporaryFolder folder = new();

        internal TestWorld World => world;

        internal TestHost Host => host;

        internal string Key => key;

        internal IEnumerable<string?> Downloaded => Directory.GetFiles(folder.Path).Select(Path.GetFileName);

        internal static async Task<Scene> SetAsync(AzuriteFixture azurite, ProgramFiles files)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world);
            var scene = new Scene(world, host, files, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
            await scene.UploadAsync("the first");
            return scene;
        }

        internal Task UploadAsync(string content) => world.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString(content), new BlobUploadOptions(), TestContext.Current.CancellationToken);

        internal Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(folder.Path, file), TestContext.Current.CancellationToken);

        /// <summary>Runs a command in a shell in which the guide's variables are set. Returns its output.</summary>
        internal async Task<string> PasteAsync(string command)
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
            var token = Assert.Single(VendorGuide.Blocks("POST token", "bash"));
            var ended = await VendorProgram.StartAsync("sh", ["-c", $"{token}\n{command}"], folder.Path, files.Settings(host, key));
            Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
            return ended.Output;
        }

        internal Task<ApiResponse> WithTokenAsync(string path, string token) => host.SendAsync(HttpMethod.Get, path, headers: ["Authorization", $"Bearer {token}"]);

        internal async Task<ApiResponse> AskForTokenAsync(string secretKey, string form)
        {
            using var content = new StringContent(form, null, "application/x-www-form-urlencoded");
            return await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", TestHost.Basic(TestWorld.Oakland, secretKey));
        }

        internal async Task<string> TokenAsync() =>
            (await AskForTokenAsync(key, "grant_type=client_credentials")).Json.GetProperty("access_token").GetString()!;

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await world.DisposeAsync();
            folder.Dispose();
        }
    }
}
