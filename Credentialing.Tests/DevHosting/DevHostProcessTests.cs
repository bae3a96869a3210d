using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using UglyToad.PdfPig;
using static Credentialing.Tests.DevHosting.GettingStarted;

namespace Credentialing.Tests.DevHosting;

[Kind(TestKind.Process)]
public sealed class DevHostProcessTests(SharedDevHost shared) : IClassFixture<SharedDevHost>
{
    private const string Oakland = "01612590000000";

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_commands_in_the_welcome_text_download_a_report_and_Ctrl_C_keeps_the_data_and_the_clock_offset()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell. On Windows, a process cannot send Ctrl-C to another process.");
        using var data = new TemporaryFolder();
        await using (var first = await DevHostProcess.StartAsync(data.Path))
        {
            Assert.Contains("-H 'If-None-Match: *'", first.Welcome, StringComparison.Ordinal);
            AssertIsReport((await RunInShellAsync(CommandsOf(first))).Report);
            using var response = await PostFormAsync(first, "/dev/clock", "days", "30.5");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(30.5, await DaysAheadAsync(first), tolerance: 0.01);

            first.Interrupt();

            Assert.Equal(0, await first.ExitCodeAsync());
            await first.EmulatorsExitAsync();
        }

        await using var second = await DevHostProcess.StartAsync(data.Path);

        Assert.Equal(30.5, await DaysAheadAsync(second), tolerance: 0.01);
        Assert.Contains("-H 'If-Match: \"1\"'", second.Welcome, StringComparison.Ordinal);
        AssertIsReport((await RunInShellAsync(CommandsOf(second))).Report); // tokens issued under the advanced clock are accepted
    }

    [Fact]
    public async Task The_telemetry_option_prints_spans_and_metrics_without_personal_data()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path, "--telemetry");
        AssertIsReport((await RunInShellAsync(CommandsOf(host))).Report);

        host.Interrupt();
        await host.ExitCodeAsync();

        var printed = await host.RestOfOutput;
        Assert.All(
            (string[])["credentialing.authentications", "generate credentials", "authenticate vendor", "GetScoreReport", "credentialing.lea: 01612590000000"],
            expected => Assert.Contains(expected, printed, StringComparison.Ordinal));
        Assert.All((string[])["9016125901", "rosa", "tsk_", "url."], personal => Assert.DoesNotContain(personal, printed, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_five_calls_of_the_guide_work_in_a_shell()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path);

        var (report, output) = await RunInShellAsync(await CommandsAsync("The story in five calls", host));

        AssertIsReport(report!, "Informe de calificaciones del estudiante");
        Assert.Contains("Current credentials expire in 9 days.", output, StringComparison.Ordinal);
        Assert.Contains("Current credentials expire in 365 days.", output, StringComparison.Ordinal);
        Assert.Contains("invalid-credentials", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_expiry_commands_of_the_guide_work_in_a_shell()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path);
        using var inbox = new Inbox(host.Inbox);
        var blocks = await CommandsAsync("The year's end in two minutes", host);
        Assert.Equal(3, blocks.Length);

        Assert.Contains("\"milestone\":14,\"to\":[\"luis@lea.example\",\"rosa@lea.example\"]", (await RunInShellAsync([blocks[0]])).Output, StringComparison.Ordinal);
        await inbox.WaitForAsync(subject => subject.EndsWith("in 14 days", StringComparison.Ordinal));
        await RunInShellAsync([blocks[1]]);

        Assert.Equal(
            ["in 1 day", "in 14 days", "in 3 days", "in 7 days"],
            (await inbox.SubjectsAsync()).Where(subject => subject.Contains(" expire ", StringComparison.Ordinal)).Select(subject => subject.Replace("Oakland Unified: SIS vendor credentials expire ", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var page = await host.Client.GetStringAsync(new Uri("/dev/mytoms", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("The SIS vendor credentials of Oakland Unified expired on", page, StringComparison.Ordinal);

        Assert.EndsWith("[]", (await RunInShellAsync([blocks[2]])).Output, StringComparison.Ordinal);
        await Eventually.IsTrueAsync(async () => // removed after the response
            !(await host.Client.GetStringAsync(new Uri("/dev/mytoms", UriKind.Relative), TestContext.Current.CancellationToken)).Contains("Oakland Unified", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_rotation_commands_of_the_guide_work_in_a_shell_and_the_other_coordinator_is_notified()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path);
        using var inbox = new Inbox(host.Inbox);
        var blocks = await CommandsAsync("A rotation without an outage, in two minutes", host);
        Assert.Equal(3, blocks.Length);

        var keys = $"OLD={await host.GenerateAsync("If-None-Match", "*")}\n";
        Assert.Equal("Aeries 200\nSEIS 200\n", (await RunInShellAsync([keys, blocks[0]])).Output);
        keys += $"NEW={await host.GenerateAsync("If-Match", "\"1\"", keepPreviousForDays: 3)}\n{blocks[0].Split('\n').Single(line => line.StartsWith("vendor()", StringComparison.Ordinal))}\n";
        var notice = await inbox.WaitForAsync(subject => subject == "Oakland Unified: Rosa Delgado regenerated the SIS vendor credentials");
        Assert.Equal(["luis@lea.example"], notice.Recipients);
        Assert.Equal("Aeries 200\nSEIS 200\n", (await RunInShellAsync([keys, blocks[1]])).Output);
        using var rosa = await host.SignInAsync("rosa");
        using var ended = await rosa.DeleteAsync(new Uri("/api/leas/01612590000000/credentials/previous", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("SEIS 401\nAeries 200\n", (await RunInShellAsync([keys, blocks[2]])).Output);
    }

    [Fact]
    public async Task After_a_kill_the_emulators_exit_and_the_data_is_kept_until_reset()
    {
        using var data = new TemporaryFolder();
        var others = Path.Combine(data.Path, "notes.txt");
        await File.WriteAllTextAsync(others, "not DevHost's", TestContext.Current.CancellationToken);
        string key;
        await using (var first = await DevHostProcess.StartAsync(data.Path))
        {
            key = await MustGenerateAsync(first, seenGeneration: null);
            await RenameAsync(first, "Renamed by TOMS");
            await PlainMail.SendAsync(first.Smtp, "kept");
            await first.KillAsync();
            await first.EmulatorsExitAsync();
        }

        await using (var second = await DevHostProcess.StartAsync(data.Path))
        {
            Assert.Equal(1, await GenerationAsync(second));
            Assert.Equal(HttpStatusCode.OK, await VendorResponseAsync(second, key));
            Assert.Equal("Renamed by TOMS", await NameAsync(second));
            Assert.Contains("kept", await SubjectsAsync(second)); // and the notices of both changes, unless the kill came first

            // The third instance must wait until the emulators of the second have written their data.
            // Otherwise, data deleted by --reset would reappear.
            await second.KillAsync();
            await using var third = await DevHostProcess.StartAsync(data.Path, "--reset");

            Assert.Null(await GenerationAsync(third));
            Assert.Equal(HttpStatusCode.Unauthorized, await VendorResponseAsync(third, key));
            Assert.Contains("-H 'If-None-Match: *'", third.Welcome, StringComparison.Ordinal);
            Assert.Empty(await SubjectsAsync(third));
        }

        Assert.True(File.Exists(others), "--reset deleted a file that is not DevHost's.");
    }

    [Theory]
    [InlineData("azurite.cjs", "--blobPort", "0", "--queuePort", "0", "--tablePort", "0", "--inMemoryPersistence")]
    [InlineData("maildev.cjs", "{}")]
    public async Task An_emulator_exits_if_DevHost_is_killed_while_the_emulator_starts(string script, params string[] arguments)
    {
        using var emulator = Process.Start(new ProcessStartInfo("node", [Path.Combine(ProjectFolder.Path, script), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            emulator.StandardInput.Close(); // as the operating system does when DevHost is killed

            await emulator.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StopTimeout, TestContext.Current.CancellationToken);
        }
        finally
        {
            emulator.Kill();
        }
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-1e-9")]
    [InlineData("3661")]
    [InlineData("1e300")]
    [InlineData("NaN")]
    [InlineData("soon")]
    [InlineData("")]
    public async Task An_invalid_clock_offset_returns_400_and_changes_nothing(string days)
    {
        using var response = await PostFormAsync(shared.Host, "/dev/clock", "days", days);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(0, await DaysAheadAsync(shared.Host), tolerance: 0.01);
    }

    [Theory]
    [InlineData("persona", "unknown")]
    [InlineData("persona", "")]
    [InlineData("name", "rosa")]
    public async Task Sign_in_with_an_unknown_persona_returns_400_and_lists_the_personas(string field, string value)
    {
        using var response = await PostFormAsync(shared.Host, "/dev/sign-in", field, value);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        var detail = problem.GetProperty("detail").GetString();
        Assert.All(World.Personas, persona => Assert.Contains(persona.Id, detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_in_use_is_reported_and_nothing_is_started()
    {
        using var parent = new TemporaryFolder();
        var data = Path.Combine(parent.Path, "data");
        var address = shared.Host.Address.ToString().TrimEnd('/');

        var ended = await DevHostProcess.RunAsync("--urls", address, "--data", data);

        AssertStartFails(ended, $"{address} is in use by another program.");
        Assert.False(Directory.Exists(data));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("https://127.0.0.1:7071")]
    [InlineData("http://127.0.0.1:7071/api")]
    [InlineData("http://localhost:0")]
    [InlineData("http://192.0.2.1:7071")] // RFC 5737: reserved for documentation
    public async Task An_invalid_address_is_reported(string address)
    {
        using var data = new TemporaryFolder();

        AssertStartFails(await DevHostProcess.RunAsync("--urls", address, "--data", data.Path), address);
    }

    [Fact]
    public async Task A_second_DevHost_with_the_same_data_folder_fails_to_start() =>
        AssertStartFails(
            await DevHostProcess.RunAsync([.. DevHostProcess.AnyPortArguments(shared.Host.DataFolder), "--reset"]),
            $"Another DevHost uses {shared.Host.DataFolder}.");

    [Fact]
    public async Task Two_DevHosts_with_different_data_folders_run_concurrently()
    {
        using var data = new TemporaryFolder();
        await using var other = await DevHostProcess.StartAsync(data.Path);

        var key = await MustGenerateAsync(other, seenGeneration: null);
        await PlainMail.SendAsync(other.Smtp, "for the other");

        Assert.NotEqual(shared.Host.AzuriteId, other.AzuriteId);
        Assert.Equal(["for the other"], await SubjectsAsync(other));
        Assert.Empty(await SubjectsAsync(shared.Host));
        Assert.Equal(HttpStatusCode.OK, await VendorResponseAsync(other, key));
        Assert.Equal(HttpStatusCode.Unauthorized, await VendorResponseAsync(shared.Host, key));
    }

    [Fact]
    public async Task An_invalid_data_folder_is_reported()
    {
        using var parent = new TemporaryFolder();
        var file = Path.Combine(parent.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        AssertStartFails(await DevHostProcess.RunAsync(DevHostProcess.AnyPortArguments(file)), file);
    }

    [Fact]
    public async Task A_missing_Node_is_reported()
    {
        using var data = new TemporaryFolder();
        using var nothing = new TemporaryFolder();

        AssertStartFails(await DevHostProcess.RunOnPathAsync(nothing.Path, DevHostProcess.AnyPortArguments(data.Path)), "Node.js 20 or newer is needed");
    }

    [Theory]
    [InlineData("--what")]
    [InlineData("--urls")]
    [InlineData("--data")]
    public async Task An_unknown_or_incomplete_argument_prints_the_usage(string argument)
    {
        var ended = await DevHostProcess.RunAsync(argument);

        Assert.Equal(1, ended.ExitCode);
        Assert.All(["--urls URL", "--data FOLDER", "--reset"], option => Assert.Contains(option, ended.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_prints_the_usage()
    {
        var ended = await DevHostProcess.RunAsync("--help");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.Contains("--reset", ended.Output, StringComparison.Ordinal);
    }

    /// <summary>Asserts exit code 1 and a one-line error message without a stack trace.</summary>
    private static void AssertStartFails(ProcessResult ended, string reason)
    {
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains(reason, ended.Errors, StringComparison.Ordinal);
        Assert.Single(ended.Errors.TrimEnd().Split('\n'));
        Assert.Empty(ended.Output);
    }

    private static void AssertIsReport(byte[]? file, string title = "Student Score Report")
    {
        Assert.NotNull(file);
        Assert.Equal("%PDF-"u8, file.AsSpan(0, 5));
        using var document = PdfDocument.Open(file);
        Assert.Contains(title, Assert.Single(document.GetPages()).Text, StringComparison.Ordinal);
    }

    /// <summary>Returns the commands in the welcome text.</summary>
    private static string[] CommandsOf(DevHostProcess host)
    {
        var commands = host.Welcome.Split("\n\n").Single(paragraph => paragraph.StartsWith("COORDINATOR=", StringComparison.Ordinal)).Split('\n');
        Assert.Equal(3, commands.Length);
        return commands;
    }

    private static async Task<double> DaysAheadAsync(DevHostProcess host)
    {
        var clock = await host.Client.GetFromJsonAsync<JsonElement>("/dev/clock", TestContext.Current.CancellationToken);
        return (clock.GetProperty("now").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).TotalDays;
    }

    private static async Task<HttpResponseMessage> PostFormAsync(DevHostProcess host, string path, string field, string value)
    {
        using var form = new FormUrlEncodedContent([new(field, value)]);
        return await host.Client.PostAsync(path, form, TestContext.Current.CancellationToken);
    }

    private static async Task<string> SignInAsync(DevHostProcess host, string persona = "rosa")
    {
        using var response = await PostFormAsync(host, "/dev/sign-in", "persona", persona);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task RenameAsync(DevHostProcess host, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/leas/{Oakland}");
        request.Headers.Authorization = new("Bearer", await SignInAsync(host, "toms"));
        request.Content = JsonContent.Create(new { name, coordinators = Array.Empty<object>() });
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static async Task<string[]> SubjectsAsync(DevHostProcess host)
    {
        using var inbox = new Inbox(host.Inbox);
        return await inbox.SubjectsAsync();
    }

    private static async Task<string?> NameAsync(DevHostProcess host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/leas/{Oakland}");
        request.Headers.Authorization = new("Bearer", await SignInAsync(host, "toms"));
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("name").GetString();
    }

    /// <summary>Returns the generation of Oakland's credentials; null if there are none.</summary>
    private static async Task<int?> GenerationAsync(DevHostProcess host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/leas/{Oakland}/credentials");
        request.Headers.Authorization = new("Bearer", await SignInAsync(host));
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.EnsureSuccessStatusCode().Headers.ETag is { } tag ? int.Parse(tag.Tag.Trim('"'), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Generates credentials for Oakland and returns the secret key.</summary>
    private static async Task<string> MustGenerateAsync(DevHostProcess host, int? seenGeneration)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/leas/{Oakland}/credentials");
        request.Headers.Authorization = new("Bearer", await SignInAsync(host));
        if (seenGeneration is { } seen)
            request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{seen}\""));
        else
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        request.Content = JsonContent.Create(new { authorized = true, wordingVersion = "2026-1" });
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("secretKey").GetString()!;
    }

    /// <summary>Returns the response status for a vendor with this secret key of Oakland.</summary>
    private static async Task<HttpStatusCode> VendorResponseAsync(DevHostProcess host, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/credential");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"sis-{Oakland}:{key}")));
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}

/// <summary>A shared DevHost, for tests that do not interfere with each other.</summary>
public sealed class SharedDevHost : IAsyncLifetime
{
    private readonly TemporaryFolder data = new();

    internal DevHostProcess Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await DevHostProcess.StartAsync(data.Path);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        data.Dispose();
    }
}
