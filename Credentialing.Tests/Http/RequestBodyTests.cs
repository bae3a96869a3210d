using System.Globalization;
using System.Net;
using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Http;

/// <summary>The limits of request bodies.</summary>
[Kind(TestKind.Storage)]
public sealed class RequestBodyTests(AzuriteFixture azurite)
{
    private const int MaxBytes = 64 * 1024;
    private const string FormType = "application/x-www-form-urlencoded";

    [Theory]
    [InlineData(MaxBytes, HttpStatusCode.Created, false)]
    [InlineData(MaxBytes, HttpStatusCode.Created, true)]
    [InlineData(MaxBytes + 1, HttpStatusCode.RequestEntityTooLarge, false)]
    [InlineData(MaxBytes + 1, HttpStatusCode.RequestEntityTooLarge, true)]
    public async Task A_JSON_body_may_have_exactly_the_maximum_size(int bytes, HttpStatusCode expected, bool chunked)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var body = ApiHost.Json(ApiHost.Authorization.PadRight(bytes));
        string[] transfer = chunked ? ["Transfer-Encoding", "chunked"] : [];

        var response = await host.SendAsync(HttpMethod.Post, "leas/01612590000000/credentials", "rosa", body, ["If-None-Match", "*", .. transfer]);

        Assert.Equal(expected, response.Status);
    }

    [Theory]
    [InlineData("{\"authorized\":true,\n\"wordingVersion\":1}", "application/json", "malformed-json", "The error is in line 2.")]
    [InlineData("{", "application/json", "malformed-json", "The error is in line 1.")]
    [InlineData("{}", "text/plain", "unsupported-media-type", "Send application/json.")]
    public async Task The_problem_of_a_body_that_cannot_be_read_says_where_or_what_to_send(string body, string mediaType, string type, string detail)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var content = new StringContent(body, Encoding.UTF8, mediaType);

        var response = await host.SendAsync(HttpMethod.Post, "leas/01612590000000/credentials", "rosa", content, ["If-None-Match", "*"]);

        Assert.Equal((type, detail), (response.ProblemType, response.Json.GetProperty("detail").GetString()));
    }

    [Theory]
    [InlineData(MaxBytes, HttpStatusCode.OK)]
    [InlineData(MaxBytes + 1, HttpStatusCode.BadRequest)]
    public async Task A_form_may_have_exactly_the_maximum_size(int bytes, HttpStatusCode expected)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var form = await FormAsync(host);

        Assert.Equal(expected, (await RequestTokenAsync(host, $"{form}&x=".PadRight(bytes, 'x'))).Status);
    }

    /// <summary>RFC 6749, section 3.2: unknown parameters are ignored. Only the size of the form is limited.</summary>
    [Fact]
    public async Task A_form_may_have_many_fields_and_long_names()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var form = await FormAsync(host);
        var many = string.Concat(Enumerable.Range(0, 8_000).Select(number => string.Create(CultureInfo.InvariantCulture, $"&{number}=")));

        Assert.Equal(HttpStatusCode.OK, (await RequestTokenAsync(host, form + many)).Status);
        Assert.Equal(HttpStatusCode.OK, (await RequestTokenAsync(host, $"{form}&{new string('n', 60_000)}=1")).Status);
    }

    [Theory]
    [InlineData("grant_type", HttpStatusCode.BadRequest, "unsupported_grant_type")]
    [InlineData("scope", HttpStatusCode.BadRequest, "invalid_scope")]
    [InlineData("client_secret", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("client_id", HttpStatusCode.Unauthorized, "invalid_client")]
    public async Task An_overlong_field_of_a_form_is_refused_without_repeating_it(string field, HttpStatusCode expected, string error)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var fields = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = $"{new Username(TestWorld.Oakland)}", ["client_secret"] = "tsk_", [field] = new string('x', 60_000) };

        var response = await RequestTokenAsync(host, string.Join('&', fields.Select(pair => $"{pair.Key}={pair.Value}")));

        Assert.Equal((expected, error), (response.Status, response.Json.GetProperty("error").GetString()));
        Assert.DoesNotContain("xxxx", response.Text, StringComparison.Ordinal);
        Assert.Empty(world.Traffic.Requests);
    }

    /// <summary>RFC 9110, section 8.3.1: a media type is case-insensitive.</summary>
    [Theory]
    [InlineData("Application/X-WWW-Form-URLEncoded")]
    [InlineData("APPLICATION/X-WWW-FORM-URLENCODED; CHARSET=UTF-8")]
    public async Task The_media_type_of_a_form_can_be_in_any_case(string type)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        Assert.Equal(HttpStatusCode.OK, (await RequestTokenAsync(host, await FormAsync(host), type)).Status);
    }

    /// <summary>The maximum depth is 8: unknown members are ignored up to it.</summary>
    [Theory]
    [InlineData(7, "release-not-authorized")]
    [InlineData(8, "malformed-json")]
    [InlineData(10_000, "malformed-json")]
    public async Task A_JSON_object_that_is_too_deep_is_malformed(int depth, string expected)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var nested = string.Concat(Enumerable.Repeat("""{"a":""", depth - 1)) + "{}" + new string('}', depth - 1);

        var response = await host.GenerateAsync("rosa", TestWorld.Oakland, body: $$"""{"authorized":false,"unknown":{{nested}}}""");

        Assert.Equal(expected, response.ProblemType);
    }

    private static async Task<string> FormAsync(TestHost host) =>
        $"grant_type=client_credentials&client_id={new Username(TestWorld.Oakland)}&client_secret={await host.MustGenerateAsync("rosa", TestWorld.Oakland)}";

    private static async Task<ApiResponse> RequestTokenAsync(TestHost host, string form, string type = FormType)
    {
        using var body = new ByteArrayContent(Encoding.ASCII.GetBytes(form));
        body.Headers.TryAddWithoutValidation("Content-Type", type);
        return await host.SendAsync(HttpMethod.Post, "v1/token", persona: null, body);
    }
}
