using System.Net;
using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class SecretKeyExposureTests(AzuriteFixture azurite)
{
    /// <summary>
    /// Runs every valid and invalid use of a key, and then searches all responses, logs, stored data and sent messages for the key.
    /// </summary>
    [Fact]
    public async Task A_secret_key_is_in_exactly_one_response_and_in_no_log_row_blob_or_email()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world, builder => logs.Attach(builder.Logging));
        await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString("%PDF-"), TestContext.Current.CancellationToken);
        var responses = new List<ApiResponse>();
        var keys = new List<string>();
        for (int? seen = null; seen is null or < 2; seen = (seen ?? 0) + 1)
        {
            var generated = await host.GenerateAsync("rosa", TestWorld.Oakland, seen);
            responses.Add(generated);
            keys.Add(generated.Json.GetProperty("secretKey").GetString()!);
            await UseAsync(keys[^1]);
            await UseAsync(keys[0]); // after a regeneration: the superseded key
            await UseAsync(keys[^1].ToLowerInvariant());
            await UseAsync(keys[^1][..^1]); // truncated
            world.Traffic.Reset();
            world.Traffic.InjectFault = number => number == 1 ? Fault.None : Fault.ConnectionFailed; // storage fails after the first request
            responses.Add(await host.GenerateAsync("rosa", TestWorld.Oakland, (seen ?? 0) + 1));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, responses[^1].Status);
            world.Traffic.InjectFault = _ => Fault.ConnectionFailed; // storage fails completely
            await UseAsync(keys[^1]);
            world.Traffic.InjectFault = null;
        }

        world.Clock.Advance(TimeSpan.FromDays(351));
        await world.Run.RunAsync(TestContext.Current.CancellationToken);
        var email = Assert.Single(world.Mail.Sends).Email;
        var sent = $"{email.Subject}{email.Text}{email.Html}{Encoding.UTF8.GetString(email.Attachment!.Content.Span)}{Assert.Single(world.MyToms.Requests).Body}";

        var stored = (await world.RowsAsync("Leas")).Concat(await world.RowsAsync("Expirations"))
            .SelectMany(row => row.Select(column => column.Value is byte[] bytes ? Convert.ToHexString(bytes) : $"{column.Value}")).ToList();
        await foreach (var blob in world.Storage.ScoreReports.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            var content = await world.Storage.ScoreReports.GetBlobClient(blob.Name).DownloadContentAsync(TestContext.Current.CancellationToken);
            stored.Add(blob.Name + content.Value.Content);
        }

        Assert.Contains(logs.Lines, line => line.Contains("PUT", StringComparison.Ordinal)); // control: the Azure clients' logs are captured
        Assert.Contains(logs.Lines, line => line.Contains("v1/token", StringComparison.Ordinal)); // control: Kestrel's logs are captured
        foreach (var key in keys)
        {
            Assert.Single(responses, response => response.Text.Contains(key, StringComparison.Ordinal));
            foreach (var form in FormsOf(key))
            {
                Assert.DoesNotContain(logs.Lines, line => line.Contains(form, StringComparison.OrdinalIgnoreCase));
                Assert.DoesNotContain(form, sent, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(stored, text => text.Contains(form, StringComparison.OrdinalIgnoreCase));
                Assert.DoesNotContain(responses.Where(response => !response.Text.Contains(key, StringComparison.Ordinal)), response => AllText(response).Contains(form, StringComparison.OrdinalIgnoreCase));
            }
        }

        async Task UseAsync(string key)
        {
            responses.Add(await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa"));
            responses.Add(await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"));
            responses.Add(await host.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports"));
            responses.Add(await host.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports/2026-ssr-en.pdf"));
            using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "sis-01612590000000"), new("client_secret", key)]);
            responses.Add(await host.SendAsync(HttpMethod.Post, "v1/token", null, form));
            using var malformed = TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{key}}" """);
            responses.Add(await host.SendAsync(HttpMethod.Post, "credentials/validate", "toms", malformed));
            using var validation = TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{key}}"}""");
            responses.Add(await host.SendAsync(HttpMethod.Post, "credentials/validate", "toms", validation));
            using var leak = TestHost.Json($$"""{"secretKey":"{{key}}","reason":"{{key}}"}""");
            responses.Add(await host.SendAsync(HttpMethod.Post, "credentials/leaks", "toms", leak));
            using var search = TestHost.Json($$"""{"secretKey":"{{key}}"}""");
            responses.Add(await host.SendAsync(HttpMethod.Post, "credentials/leaks", "toms", search));
        }
    }

    /// <summary>Forms of the key to search for: without prefix and checksum, as hexadecimal, as base64, and in a Basic header.</summary>
    private static IEnumerable<string> FormsOf(string text)
    {
        Assert.True(SecretKey.TryParse(text, out var key));
        yield return text["tsk_".Length..^7];
        yield return Convert.ToHexString(key.Bytes);
        yield return Convert.ToBase64String(key.Bytes);
        yield return TestHost.Basic(TestWorld.Oakland, text)["Basic ".Length..];
        yield return Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
    }

    private static string AllText(ApiResponse response) => $"{response.Headers}{response.ContentHeaders}{response.Text}";
}
