using Azure.Storage.Blobs.Models;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Guides;

/// <summary>Runs the programs of docs/vendor-guide.md with their interpreters against the API.</summary>
[Kind(TestKind.Process)]
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
    public async Task The_program_downloads_all_PDFs_of_a_student_with_one_token_and_nothing_else(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        await setup.UploadAsync("/2026-ssr-en.html");

        var ended = await setup.RunAsync(asInGuide: true);

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.Equal(["9016125901-2026-ssr-en.pdf", "9016125901-2026-ssr-es.pdf", "9016125901-2025-ssr-en.pdf"], ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        setup.AssertDownloaded(First, Second, Third);
        Assert.Equal(
            ["/api/v1/token", "/api/v1/students/9016125901/score-reports", .. ((string[])[First, Second, Third]).Select(report => $"/api/v1/students/9016125901/score-reports{report}")],
            setup.Gateway.Requests.Select(request => request.Target));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_student_without_reports_is_not_an_error(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        Assert.Equal(new ProcessResult(0, "", ""), await setup.RunAsync("1234567890"));
        setup.AssertDownloaded();
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task The_program_prints_the_detail_of_a_problem(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        var ended = await setup.RunAsync("901612590");
        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("400. An SSID is 10 digits.", ended.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_429_or_503_response_is_retried_after_its_Retry_After(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Respond("/token", 1, 503, retryAfter: "0");
        setup.Gateway.Respond("/score-reports", 1, 429, retryAfter: "1");
        setup.Gateway.Respond(Second, 1, 503, retryAfter: "0");

        var ended = await setup.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        setup.AssertDownloaded(First, Second, Third);
        Assert.Equal(8, setup.Gateway.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task The_program_stops_after_five_attempts(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        for (var number = 1; number <= 10; number++)
            setup.Gateway.Respond("/score-reports", number, 503, retryAfter: language == "sh" ? "1" : "0"); // curl ignores Retry-After: 0

        var ended = await setup.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("503", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(5, setup.Gateway.RequestsTo("/score-reports").Count());
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_token_that_expires_during_the_downloads_is_replaced_once(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Before(Second, 1, () =>
        {
            setup.World.Clock.Advance(TimeSpan.FromMinutes(15));
            return Task.CompletedTask;
        });

        var ended = await setup.RunAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        setup.AssertDownloaded(First, Second, Third);
        Assert.Equal(2, setup.Gateway.RequestsTo("/token").Count());
        Assert.Equal(2, setup.Gateway.RequestsTo(Second).Count());
    }

    /// <summary>A token expires with the credentials at the latest. Here it is valid for 20 seconds, too short to be cached.</summary>
    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_token_that_is_about_to_expire_is_renewed_before_use(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.World.Clock.Advance(TimeSpan.FromDays(365) - TimeSpan.FromSeconds(20));

        var ended = await setup.RunAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.Equal(
            ["token", "score-reports", "token", First[1..], "token", Second[1..], "token", Third[1..]],
            setup.Gateway.Requests.Select(request => request.Path.Split('/')[^1]));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_regeneration_during_the_downloads_stops_the_program_with_an_error_about_the_key(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Before(Second, 1, () => setup.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1));

        var ended = await setup.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("The username or the secret key is not valid.", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Check that you send the key that the LEA handed over, 63 characters; if so, ask the LEA's coordinator.", ended.Errors, StringComparison.Ordinal);
        setup.AssertDownloaded(First);
        Assert.Equal(["token", "score-reports", First[1..], Second[1..], "token"], setup.Gateway.Requests.Select(request => request.Path.Split('/')[^1]));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Expired_credentials_stop_the_program_with_an_error(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.World.Clock.Advance(TimeSpan.FromDays(365));

        var ended = await setup.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("The vendor credentials have expired. An LEA coordinator must regenerate them in TOMS.", ended.Errors, StringComparison.Ordinal);
        Assert.Single(setup.Gateway.Requests);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_report_deleted_after_it_was_listed_does_not_stop_the_other_downloads(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Before(Second, 1, () => setup.BlobOf(Second).DeleteAsync(cancellationToken: TestContext.Current.CancellationToken));

        var ended = await setup.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("2026-ssr-es.pdf is no longer there.", ended.Errors, StringComparison.Ordinal);
        setup.AssertDownloaded(First, Third);
    }

    [Theory]
    [MemberData(nameof(ResumingLanguages))]
    public async Task An_interrupted_download_is_resumed(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Truncate(Second, Setup.Length / 2, () => setup.WaitForPartialFileAsync(Second));

        var ended = await setup.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        setup.AssertDownloaded(First, Second, Third);
        var requests = setup.Gateway.RequestsTo(Second).ToArray();
        Assert.Equal(2, requests.Length);
        Assert.Matches("^bytes=[1-9][0-9]*-$", requests[1].Range);
        Assert.Equal((await setup.BlobOf(Second).GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken)).Value.ETag.ToString("H"), requests[1].IfRange);
    }

    [Theory]
    [MemberData(nameof(ResumingLanguages))]
    public async Task An_interrupted_download_restarts_if_the_file_has_changed(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Truncate(Second, Setup.Length / 2, async () =>
        {
            await setup.WaitForPartialFileAsync(Second);
            await setup.UploadAsync(Second);
        });

        var ended = await setup.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        Assert.NotNull(setup.Gateway.RequestsTo(Second).Last().Range);
        setup.AssertDownloaded(First, Second, Third);
    }

    [Fact]
    public async Task The_shell_script_restarts_an_interrupted_download()
    {
        await using var setup = await Setup.CreateAsync(azurite, files, "sh");
        setup.Gateway.Truncate(Second, Setup.Length / 2, () => Task.CompletedTask);

        var ended = await setup.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        setup.AssertDownloaded(First, Second, Third);
        Assert.Equal(2, setup.Gateway.RequestsTo(Second).Count());
    }

    [Fact]
    public async Task The_shell_script_leaves_no_partial_file_when_it_is_terminated()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var setup = await Setup.CreateAsync(azurite, files, "sh");

        var ended = await setup.RunUntilTerminatedAsync(Second);

        Assert.NotEqual(0, ended.ExitCode);
        setup.AssertDownloaded(First);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_report_that_cannot_be_saved_stops_the_program_with_a_one_line_error(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.CreateFolderAt(Second);

        var ended = await setup.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Equal("9016125901-2026-ssr-en.pdf", ended.Output.Trim());
        Assert.Single(ended.Errors.Trim().Split('\n'));
    }

    [Theory]
    [MemberData(nameof(LanguagesAndPaths))]
    public async Task An_HTML_page_of_a_gateway_is_not_accepted_as_the_response(string language, string path)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.RespondWithPage(path);

        var ended = await setup.RunAsync();

        Assert.NotEqual(0, ended.ExitCode);
        Assert.StartsWith("Stopped.", Assert.Single(ended.Errors.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.EndsWith(path, setup.Gateway.Requests[^1].Path, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task A_request_is_retried_if_the_connection_is_aborted_before_a_response(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);
        setup.Gateway.Abort("/token", 1);

        var ended = await setup.RunAsync();

        Assert.Equal(0, ended.ExitCode);
        setup.AssertDownloaded(First, Second, Third);
        Assert.Equal(2, setup.Gateway.RequestsTo("/token").Count());
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Trailing_white_space_in_the_key_and_slashes_in_the_URL_are_ignored(string language)
    {
        await using var setup = await Setup.CreateAsync(azurite, files, language);

        var ended = await setup.RunAsync(afterUrl: "//", afterKey: " \r\n");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        setup.AssertDownloaded(First, Second, Third);
        Assert.Equal("/api/v1/token", setup.Gateway.Requests[0].Path);
    }

    /// <summary>Oakland's vendor, three PDFs of a student in storage, a program, and an empty folder.</summary>
    private sealed class Setup : IAsyncDisposable
    {
        internal const int Length = 300_000;
        private const string Ssid = "9016125901";

        private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

        private readonly Dictionary<string, byte[]> stored = [];
        private readonly TemporaryFolder folder = new();
        private readonly VendorProgram program;
        private readonly ProgramFiles files;
        private string key = "";

        private Setup(TestWorld world, Gateway gateway, TestHost host, VendorProgram program, ProgramFiles files) =>
            (World, Gateway, Host, this.program, this.files) = (world, gateway, host, program, files);

        internal TestWorld World { get; }

        internal Gateway Gateway { get; }

        internal TestHost Host { get; }

        internal static async Task<Setup> CreateAsync(AzuriteFixture azurite, ProgramFiles files, string language)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var gateway = new Gateway();
            var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton<IStartupFilter>(gateway));
            var setup = new Setup(world, gateway, host, VendorProgram.All.Single(program => program.Language == language), files);
            foreach (var report in (string[])[First, Second, Third])
                await setup.UploadAsync(report);
            setup.key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            return setup;
        }

        /// <summary>Runs the program, by default without the guide's command. The suffixes are appended to its URL and secret key settings.</summary>
        internal async Task<ProcessResult> RunAsync(string ssid = Ssid, string afterUrl = "", string afterKey = "", bool asInGuide = false)
        {
            var settings = files.Settings(Host, key + afterKey);
            settings["TOMS_URL"] += afterUrl;
            var ended = await program.RunAsync(files, folder.Path, settings, ssid, asInGuide);
            Assert.DoesNotContain(Gateway.Requests, request => request.Target.Contains(key, StringComparison.OrdinalIgnoreCase));
            return ended;
        }

        /// <summary>Runs the shell script, and sends it SIGTERM at its first request for the report.</summary>
        internal Task<ProcessResult> RunUntilTerminatedAsync(string report)
        {
            var settings = files.Settings(Host, key);
            var id = Path.Combine(settings["TMPDIR"], "id");
            Gateway.Before(report, 1, async () => await ProcessResult.RunAsync(new("kill", [(await File.ReadAllTextAsync(id)).Trim()])));
            return VendorProgram.RunProgramAsync("sh", ["-c", "echo $$ >\"$0\"; exec sh \"$@\"", id, files.PathOf(program), Ssid], folder.Path, settings);
        }

        /// <summary>Creates a non-empty folder at the path of a report.</summary>
        internal void CreateFolderAt(string report) => Directory.CreateDirectory(Path.Combine(PathOf(report), "report"));

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
        internal async Task WaitForPartialFileAsync(string report)
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
