using Azure.Storage.Blobs.Models;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Guides;

/// <summary>Runs the programs of docs/vendor-guide.md with their interpreters against the API.</summary>
public sealed class VendorProgramTests(AzuriteFixture azurite, ProgramFiles files) : IClassFixture<ProgramFiles>
{
    private const string First = "/2026-ssr-en.pdf";
    private const string Second = "/2026-ssr-es.pdf";
    private const string Third = "/2025-ssr-en.pdf";

    public static TheoryData<string> Languages => [.. VendorProgram.All.Select(program => program.Language)];

    /// <summary>The languages whose program resumes a download. The shell script restarts it.</summary>
    public static TheoryData<string> ResumingLanguages => [.. VendorProgram.All.Select(program => program.Language).Where(language => language != "sh")];

    public static TheoryData<string, string> LanguagesAndPaths => new MatrixTheoryData<string, string>(
        VendorProgram.All.Select(program => program.Language), ["/token", "/score-reports"]);

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_students_PDFs_come_byte_for_byte_with_one_token_and_nothing_else_is_fetched(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        await scene.UploadAsync("/2026-ssr-en.html");

        var ended = await scene.RunAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.Equal(["9016125901-2026-ssr-en.pdf", "9016125901-2026-ssr-es.pdf", "9016125901-2025-ssr-en.pdf"], ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        scene.AssertDownloaded(First, Second, Third);
        Assert.Equal(
            ["/api/v1/token", "/api/v1/students/9016125901/score-reports", .. ((string[])[First, Second, Third]).Select(report => $"/api/v1/students/9016125901/score-reports{report}")],
            scene.Gateway.Requests.Select(request => request.Target));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_student_without_reports_is_no_error(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        Assert.Equal(new Ended(0, "", ""), await scene.RunAsync("1234567890"));
        scene.AssertDownloaded();
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task What_the_service_says_of_a_mistake_is_shown(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        var ended = await scene.RunAsync("901612590");
        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("400. An SSID is 10 digits.", ended.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_service_that_is_busy_is_asked_again_after_the_time_that_it_says(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.Refuse("/token", 1, 503, retryAfter: "0");
        scene.Gateway.Refuse("/score-reports", 1, 429, retryAfter: "1");
        scene.Gateway.Refuse(Second, 1, 503, retryAfter: "0");

        var ended = await scene.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        scene.AssertDownloaded(First, Second, Third);
        Assert.Equal(8, scene.Gateway.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_service_that_stays_busy_is_asked_five_times_and_no_more(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        for (var number = 1; number <= 10; number++)
            scene.Gateway.Refuse("/score-reports", number, 503, retryAfter: language == "sh" ? "1" : "0"); // curl ignores Retry-After: 0

        var ended = await scene.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("503", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(5, scene.Gateway.RequestsTo("/score-reports").Count());
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_token_that_ends_on_the_way_is_replaced_by_one_new_one(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.Before(Second, 1, () =>
        {
            scene.World.Clock.Advance(TimeSpan.FromMinutes(15));
            return Task.CompletedTask;
        });

        var ended = await scene.RunAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        scene.AssertDownloaded(First, Second, Third);
        Assert.Equal(2, scene.Gateway.RequestsTo("/token").Count());
        Assert.Equal(2, scene.Gateway.RequestsTo(Second).Count());
    }

    /// <summary>A token expires with the credentials at the latest. Here it is valid for 20 seconds, too short to be cached.</summary>
    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_token_that_is_about_to_end_is_renewed_before_it_is_refused(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.World.Clock.Advance(TimeSpan.FromDays(365) - TimeSpan.FromSeconds(20));

        var ended = await scene.RunAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.Equal(
            ["token", "score-reports", "token", First[1..], "token", Second[1..], "token", Third[1..]],
            scene.Gateway.Requests.Select(request => request.Path.Split('/')[^1]));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_key_that_is_regenerated_on_the_way_ends_the_program_which_says_whom_to_ask(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.Before(Second, 1, () => scene.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1));

        var ended = await scene.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("The username or the secret key is not valid.", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Check that you send the key that the LEA handed over, 63 characters; if so, ask the LEA's coordinator.", ended.Errors, StringComparison.Ordinal);
        scene.AssertDownloaded(First);
        Assert.Equal(["token", "score-reports", First[1..], Second[1..], "token"], scene.Gateway.Requests.Select(request => request.Path.Split('/')[^1]));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Credentials_that_have_expired_end_the_program_which_says_that_the_LEA_must_regenerate(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.World.Clock.Advance(TimeSpan.FromDays(365));

        var ended = await scene.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("The vendor credentials have expired. An LEA coordinator must regenerate them in TOMS.", ended.Errors, StringComparison.Ordinal);
        Assert.Single(scene.Gateway.Requests);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_report_that_has_gone_since_it_was_listed_does_not_stop_the_others(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.Before(Second, 1, () => scene.BlobOf(Second).DeleteAsync(cancellationToken: TestContext.Current.CancellationToken));

        var ended = await scene.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("2026-ssr-es.pdf is no longer there.", ended.Errors, StringComparison.Ordinal);
        scene.AssertDownloaded(First, Third);
    }

    [Theory]
    [MemberData(nameof(ResumingLanguages))]
    public async Task Of_an_interrupted_download_only_the_rest_is_fetched(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.CutOff(Second, Scene.Length / 2, () => scene.PartHasArrivedAsync(Second));

        var ended = await scene.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        scene.AssertDownloaded(First, Second, Third);
        var again = scene.Gateway.RequestsTo(Second).ToArray();
        Assert.Equal(2, again.Length);
        Assert.Matches("^bytes=[1-9][0-9]*-$", again[1].Range);
        Assert.Equal((await scene.BlobOf(Second).GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken)).Value.ETag.ToString("H"), again[1].IfRange);
    }

    [Theory]
    [MemberData(nameof(ResumingLanguages))]
    public async Task Of_an_interrupted_download_nothing_is_kept_if_the_file_has_changed_meanwhile(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.CutOff(Second, Scene.Length / 2, async () =>
        {
            await scene.PartHasArrivedAsync(Second);
            await scene.UploadAsync(Second);
        });

        var ended = await scene.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        Assert.NotNull(scene.Gateway.RequestsTo(Second).Last().Range);
        scene.AssertDownloaded(First, Second, Third);
    }

    [Fact]
    public async Task The_shell_script_starts_an_interrupted_download_over()
    {
        await using var scene = await Scene.SetAsync(azurite, files, "sh");
        scene.Gateway.CutOff(Second, Scene.Length / 2, () => Task.CompletedTask);

        var ended = await scene.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        scene.AssertDownloaded(First, Second, Third);
        Assert.Equal(2, scene.Gateway.RequestsTo(Second).Count());
    }

    [Fact]
    public async Task The_shell_script_leaves_nothing_behind_when_it_is_terminated()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such signals.");
        await using var scene = await Scene.SetAsync(azurite, files, "sh");

        var ended = await scene.RunUntilTerminatedAsync(Second);

        Assert.NotEqual(0, ended.ExitCode);
        scene.AssertDownloaded(First);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_report_that_cannot_be_stored_ends_the_program_with_a_line_about_it(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Obstruct(Second);

        var ended = await scene.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Equal("9016125901-2026-ssr-en.pdf", ended.Output.Trim());
        Assert.Single(ended.Errors.Trim().Split('\n'));
    }

    [Theory]
    [MemberData(nameof(LanguagesAndPaths))]
    public async Task A_page_of_a_gateway_is_not_taken_for_the_answer(string language, string path)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.RespondWithPage(path);

        var ended = await scene.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.StartsWith("Stopped.", Assert.Single(ended.Errors.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.EndsWith(path, scene.Gateway.Requests[^1].Path, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_connection_that_breaks_before_an_answer_is_tried_again(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);
        scene.Gateway.Break("/token", 1);

        var ended = await scene.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        scene.AssertDownloaded(First, Second, Third);
        Assert.Equal(2, scene.Gateway.RequestsTo("/token").Count());
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task White_space_after_the_key_and_slashes_after_the_URL_do_no_harm(string language)
    {
        await using var scene = await Scene.SetAsync(azurite, files, language);

        var ended = await scene.RunAsync(afterUrl: "//", afterKey: " \r\n");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        scene.AssertDownloaded(First, Second, Third);
        Assert.Equal("/api/v1/token", scene.Gateway.Requests[0].Path);
    }

    /// <summary>Oakland's vendor, three PDFs of a student in storage, a program, and an empty folder.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        internal const int Length = 300_000;
        private const string Ssid = "9016125901";

        private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

        private readonly Dictionary<string, byte[]> stored = [];
        private readonly TemporaryFolder folder = new();
        private readonly VendorProgram program;
        private readonly ProgramFiles files;
        private string key = "";

        private Scene(TestWorld world, Gateway gateway, TestHost host, VendorProgram program, ProgramFiles files) =>
            (World, Gateway, Host, this.program, this.files) = (world, gateway, host, program, files);

        internal TestWorld World { get; }

        internal Gateway Gateway { get; }

        internal TestHost Host { get; }

        internal static async Task<Scene> SetAsync(AzuriteFixture azurite, ProgramFiles files, string language)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var gateway = new Gateway();
            var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton<IStartupFilter>(gateway));
            var scene = new Scene(world, gateway, host, VendorProgram.All.Single(program => program.Language == language), files);
            foreach (var report in (string[])[First, Second, Third])
                await scene.UploadAsync(report);
            scene.key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            return scene;
        }

        /// <summary>Runs the program. The suffixes are appended to its URL and secret key settings.</summary>
        internal async Task<Ended> RunAsync(string ssid = Ssid, string afterUrl = "", string afterKey = "")
        {
            var settings = files.Settings(Host, key + afterKey);
            settings["TOMS_URL"] += afterUrl;
            var ended = await program.RunAsync(files, folder.Path, settings, ssid);
            Assert.DoesNotContain(Gateway.Requests, request => request.Target.Contains(key, StringComparison.OrdinalIgnoreCase));
            return ended;
        }

        /// <summary>Runs the shell script, and sends it SIGTERM at its first request for the report.</summary>
        internal Task<Ended> RunUntilTerminatedAsync(string report)
        {
            var settings = files.Settings(Host, key);
            var id = Path.Combine(settings["TMPDIR"], "id");
            Gateway.Before(report, 1, async () => await Ended.OfAsync(new("kill", [(await File.ReadAllTextAsync(id)).Trim()])));
            return VendorProgram.StartAsync("sh", ["-c", "echo $$ >\"$0\"; exec sh \"$@\"", id, files.PathOf(program), Ssid], folder.Path, settings);
        }

        /// <summary>Creates a non-empty folder at the path of a report.</summary>
        internal void Obstruct(string report) => Directory.CreateDirectory(Path.Combine(PathOf(report), "report"));

        internal Azure.Storage.Blobs.BlobClient BlobOf(string report) =>
            World.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/{Ssid}/{report[1..5]}/{report[6..]}");

        /// <summary>Uploads random content for the report. Overwrites an existing blob.</summary>
        internal Task UploadAsync(string report)
        {
            stored[report] = new byte[Length];
            Random.Shared.NextBytes(stored[report]);
            return BlobOf(report).UploadAsync(BinaryData.FromBytes(stored[report]), new BlobUploadOptions(), TestContext.Current.CancellationToken);
        }

        /// <summary>Waits until the program has written the first bytes of a report.</summary>
        internal async Task PartHasArrivedAsync(string report)
        {
            var part = new FileInfo($"{PathOf(report)}.part");
            while (!part.Exists || part.Length == 0)
            {
                await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
                part.Refresh();
            }
        }

        /// <summary>Asserts that the folder contains exactly these reports, with the same content as in storage.</summary>
        internal void AssertDownloaded(params string[] reports)
        {
            Assert.Equal(reports.Select(PathOf).Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(folder.Path).Order(StringComparer.Ordinal));
            Assert.All(reports, report => Assert.True(stored[report].AsSpan().SequenceEqual(File.ReadAllBytes(PathOf(report))), report));
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await World.DisposeAsync();
            folder.Dispose();
        }

        private string PathOf(string report) => Path.Combine(folder.Path, $"{Ssid}-{report[1..]}");
    }
}
