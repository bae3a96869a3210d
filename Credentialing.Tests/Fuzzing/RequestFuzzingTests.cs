using System.Text;
using System.Text.Json;
using Credentialing.Tests.Support;
using CsCheck;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Http;

/// <summary>Every parser that reads from the network gets arbitrary text, and valid text with a random change. No response is a 5xx.</summary>
[Kind(TestKind.Storage)]
public sealed class ArbitraryInputTests(AzuriteFixture azurite)
{
    private const int Samples = 300;
    private const string Credentials = "leas/01612590000000/credentials";
    private const string Report = "v1/students/9016125901/score-reports/2026-ssr-en.pdf";

    /// <summary>No control characters, which an HTTP client cannot send in a header.</summary>
    private static readonly Gen<char> HeaderChars = Gen.OneOf(
        Gen.Char[' ', '~'], Gen.Char["\".,:;=-*%+/W\\{}[]&?#0123456789"], Gen.Char['\u00A0', '\u02FF'], Gen.Char['\u2000', '\u206F'], Gen.Char['\uFE00', '\uFFFD']);

    private static readonly Gen<char> AllChars = Gen.OneOf(HeaderChars, Gen.Char['\0', '\u001F'], Gen.Char['\uD800', '\uDFFF']);

    private static readonly string[] Dates = ["Mon, 23 Nov 2026 20:00:00 GMT", "Monday, 23-Nov-26 20:00:00 GMT"];
    private static readonly string[] Tags = ["\"1\"", "W/\"1\"", "*", "\"1\", \"2\"", "\"0x8DE000000000000\"", "W/\"0x8DE000000000000\""];

    [Fact]
    public async Task A_bearer_token_or_a_temporary_link()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var parts = Gen.OneOf(
            Text(HeaderChars), Gen.OneOf("", "A", "e30", "AA"), Changed(HeaderChars, scenario.Token.Split('.')),
            Changed(AllChars, """{"alg":"HS256","kid":"1","typ":"at+jwt"}""", """{"alg":"dir","enc":"A256GCM","kid":"1"}""", """{"kid":1}""", """{"sub":"sis-01612590000000","generation":1,"exp":1}""")
                .Select(json => Base64UrlEncoder.Encode(json)));
        await SampleAsync(Gen.OneOf(parts.Array[0, 7].Select(all => string.Join('.', all)), Changed(HeaderChars, scenario.Token)), async token =>
        {
            await scenario.GetAsync("v1/credential", "Authorization", $"Bearer {token}");
            await scenario.GetAsync(Credentials, "Authorization", $"Bearer {token}");
            await scenario.GetAsync($"{Report}?link={Uri.EscapeDataString(token)}");
        });
    }

    [Fact]
    public async Task An_Authorization_header()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var pairs = Changed(AllChars, $"sis-01612590000000:{scenario.Key}").Select(pair => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}");
        await SampleAsync(Gen.OneOf(Text(HeaderChars), pairs, Changed(HeaderChars, scenario.Basic)), async authorization =>
        {
            await scenario.GetAsync("v1/credential", "Authorization", authorization);
            await scenario.GetAsync(Credentials, "Authorization", authorization);
            using var form = Content("grant_type=client_credentials", "application/x-www-form-urlencoded");
            await scenario.SendAsync(HttpMethod.Post, "v1/token", form, "Authorization", authorization);
        });
    }

    [Fact]
    public async Task An_id_in_a_path_or_a_date_in_a_query()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await SampleAsync(Changed(AllChars, "9016125901", "2026-ssr-en.pdf", "01612590000000", "2026-11-23").Select(Uri.EscapeDataString), async text =>
        {
            await scenario.GetAsync($"v1/students/{text}/score-reports", "Authorization", scenario.Basic);
            await scenario.GetAsync($"v1/students/9016125901/score-reports/{text}", "Authorization", scenario.Basic);
            await scenario.GetAsync($"leas/{text}/credentials", "Authorization", scenario.Rosa);
            await scenario.GetAsync($"leas/{text}/announcements", "Authorization", scenario.Rosa);
            await scenario.GetAsync($"leas/{text}", "Authorization", scenario.Toms);
            await scenario.GetAsync($"reminders/preview?on={text}", "Authorization", scenario.Toms);
        });
    }

    [Fact]
    public async Task A_precondition_of_a_generation()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await SampleAsync(Changed(HeaderChars, [.. Tags, "\"999999999999\""]), async tag =>
        {
            foreach (var name in (string[])["If-Match", "If-None-Match"])
            {
                using var body = Content("""{"authorized":false}""", "application/json");
                await scenario.SendAsync(HttpMethod.Post, Credentials, body, "Authorization", scenario.Rosa, name, tag);
            }
        });
    }

    [Fact]
    public async Task A_condition_or_a_range_of_a_download()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        string[] ranges = ["bytes=0-3", "bytes=-3", "bytes=4-", "bytes=0-1,3-4", "bytes=0-9223372036854775807", "bytes=9223372036854775807-", "bytes=-9223372036854775807"];
        var headers = Gen.OneOf(
            Gen.Select(Gen.OneOf("If-Match", "If-None-Match", "If-Range"), Changed(HeaderChars, Tags)),
            Gen.Select(Gen.OneOf("If-Modified-Since", "If-Unmodified-Since", "If-Range"), Changed(HeaderChars, Dates)),
            Gen.Select(Gen.Const("Range"), Changed(HeaderChars, ranges)));
        await SampleAsync(Gen.Select(headers, headers), ((string Name, string Value) first, (string Name, string Value) second) =>
            scenario.GetAsync(Report, "Authorization", scenario.Basic, first.Name, first.Value, second.Name, second.Value));
    }

    [Fact]
    public async Task A_JSON_body()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var members = Text(AllChars).Array[3].Select(texts =>
            $$"""{"name":{{JsonSerializer.Serialize(texts[0])}},"coordinators":[{"id":"a","name":{{JsonSerializer.Serialize(texts[1])}},"email":"a@lea.example"}],"username":{{JsonSerializer.Serialize(texts[2])}},"secretKey":{{JsonSerializer.Serialize(texts[2])}}}""");
        var bodies = Changed(
            AllChars,
            """{"authorized":true,"wordingVersion":"2026-1"}""",
            """{"name":"Oakland","coordinators":[{"id":"a","name":"\ud83d\ude00","email":"a@lea.example"}]}""",
            $$"""{"username":"sis-01612590000000","secretKey":"{{scenario.Key}}"}""");
        await SampleAsync(Gen.Select(Gen.OneOf(bodies, members, Text(AllChars)), Gen.OneOf(Gen.Const("application/json"), Changed(HeaderChars, "application/json; charset=utf-16"))), async (body, type) =>
        {
            foreach (var (method, path, authorization) in ((HttpMethod, string, string)[])[
                (HttpMethod.Post, Credentials, scenario.Rosa), (HttpMethod.Put, "leas/01611430000000", scenario.Toms), (HttpMethod.Post, "credentials/validate", scenario.Toms)])
            {
                using var content = Content(body, type);
                await scenario.SendAsync(method, path, content, "Authorization", authorization, "If-Match", "\"1\"");
            }
        });
    }

    [Fact]
    public async Task A_form()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var forms = Changed(AllChars, $"grant_type=client_credentials&client_id=sis-01612590000000&client_secret={scenario.Key}", "a&b=%FF&%=%&+&=&&grant_type=client_credentials");
        await SampleAsync(Gen.Select(Gen.OneOf(forms, Text(AllChars)), Gen.OneOf(Gen.Const("application/x-www-form-urlencoded"), Changed(HeaderChars, "application/x-www-form-urlencoded; charset=utf-8"))), async (form, type) =>
        {
            using var content = Content(form, type);
            await scenario.SendAsync(HttpMethod.Post, "v1/token", content);
        });
    }

    private static Gen<string> Text(Gen<char> chars) => Gen.String[chars, 0, 40];

    /// <summary>A text of the list, in which some characters are replaced by others.</summary>
    private static Gen<string> Changed(Gen<char> chars, params string[] texts) =>
        Gen.Select(Gen.OneOf(texts), Gen.Double[0, 1], Gen.Int[0, 3], Gen.String[chars, 0, 4], (text, place, removed, added) =>
        {
            var start = (int)(place * text.Length);
            return text[..start] + added + text[Math.Min(start + removed, text.Length)..];
        });

    private static ByteArrayContent Content(string body, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    private static Task SampleAsync<T>(Gen<T> inputs, Func<T, Task> send) => inputs.SampleAsync(send, iter: Samples, threads: 1);

    private static Task SampleAsync<T1, T2>(Gen<(T1, T2)> inputs, Func<T1, T2, Task> send) => SampleAsync(inputs, input => send(input.Item1, input.Item2));

    /// <summary>A host with credentials, a report and callers.</summary>
    private sealed class Scenario(TestWorld world, TestHost host) : IAsyncDisposable
    {
        // The host decodes headers as UTF-8, and its client must send them so.
        private readonly HttpClient client = new(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 })
        {
            BaseAddress = new Uri(host.Address, "api/"),
        };

        public string Key { get; private set; } = "";

        public string Token { get; private set; } = "";

        public string Rosa { get; private set; } = "";

        public string Toms { get; private set; } = "";

        public string Basic => ApiHost.Basic(TestWorld.Oakland, Key);

        public static async Task<Scenario> CreateAsync(AzuriteFixture azurite)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world);
            var scenario = new Scenario(world, host)
            {
                Key = await host.MustGenerateAsync("rosa", TestWorld.Oakland),
                Rosa = $"Bearer {await host.SignInAsync("rosa")}",
                Toms = $"Bearer {await host.SignInAsync("toms")}",
            };
            var credential = (await world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken)).Credential!;
            scenario.Token = (await world.Tokens.IssueAsync(credential.CurrentKey, TestContext.Current.CancellationToken)).Value;
            await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("0123456789"), TestContext.Current.CancellationToken);
            return scenario;
        }

        public Task GetAsync(string path, params string[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

        public async Task SendAsync(HttpMethod method, string path, HttpContent? content, params string[] headers)
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            for (var index = 0; index < headers.Length; index += 2)
                request.Headers.TryAddWithoutValidation(headers[index], headers[index + 1]);
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)response.StatusCode < 500, $"{method} {path} returned {(int)response.StatusCode}: {body}");
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await host.DisposeAsync();
            await world.DisposeAsync();
        }
    }
}
