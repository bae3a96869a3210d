using System.Net;
using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using Duende.IdentityModel.Client;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class TokenEndpointTests(AzuriteFixture azurite)
{
    private const string InvalidCredentials = "The username or the secret key is not valid.";

    private static readonly Dictionary<string, string> Titles = new()
    {
        ["invalid_request"] = "The token request is malformed.",
        ["invalid_client"] = "The vendor credentials are not valid.",
        ["unsupported_grant_type"] = "The grant type is not supported.",
        ["invalid_scope"] = "The scope is unknown.",
    };

    [Theory]
    [InlineData(ClientCredentialStyle.AuthorizationHeader)]
    [InlineData(ClientCredentialStyle.PostBody)]
    public async Task A_standard_OAuth_library_gets_a_token_with_only_URL_username_and_key(ClientCredentialStyle style)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var request = new ClientCredentialsTokenRequest
        {
            Address = new Uri(host.Client.BaseAddress!, "v1/token").ToString(),
            ClientId = "sis-01612590000000",
            ClientSecret = await host.MustGenerateAsync("rosa", TestWorld.Oakland),
            ClientCredentialStyle = style,
        };

        var token = await host.Client.RequestClientCredentialsTokenAsync(request, TestContext.Current.CancellationToken);

        Assert.False(token.IsError, token.Error);
        Assert.Equal(("Bearer", 900), (token.TokenType, token.ExpiresIn));
        Assert.True(token.HttpResponse!.Headers.CacheControl!.NoStore);
        Assert.Equal("no-cache", token.HttpResponse.Headers.Pragma.ToString());
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", $"Bearer {token.AccessToken}"])).Status);
    }

    /// <summary>The error cases of RFC 6749, section 5.2.</summary>
    [Theory]
    [InlineData("", 400, "invalid_request", "grant_type is missing.")]
    [InlineData("grant_type=", 400, "invalid_request", "grant_type is missing.")]
    [InlineData("grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request", "grant_type was sent more than once.")]
    [InlineData("grant_type=client_credentials&client_id=a&client_id=b", 400, "invalid_request", "client_id was sent more than once.")]
    [InlineData("grant_type=client_credentials&client_secret=a&client_secret=b", 400, "invalid_request", "client_secret was sent more than once.")]
    [InlineData("grant_type=password&username=a&password=b", 400, "unsupported_grant_type", "Send grant_type=client_credentials.")]
    [InlineData("grant_type=client_credentials&scope=everything", 400, "invalid_scope", "Tokens have no scopes. Send no scope.")]
    [InlineData("grant_type=client_credentials", 401, "invalid_client", "No credentials were sent.")]
    [InlineData("grant_type=client_credentials&client_id=sis-01612590000000", 401, "invalid_client", InvalidCredentials)]
    [InlineData("grant_type=client_credentials&client_id=sis-01612590000000&client_secret=wrong", 401, "invalid_client", null)]
    [InlineData("grant_type=client_credentials&client_id=rosa&client_secret=KEY", 401, "invalid_client", null)]
    [InlineData("grant_type=client_credentials&client_id=sis-01611430000000&client_secret=KEY", 401, "invalid_client", InvalidCredentials)]
    [InlineData("grant_type=client_credentials&client_id=%FF%00&client_secret=%", 401, "invalid_client", null)]
    public async Task An_invalid_request_returns_the_error_code_of_RFC_6749_and_a_description(string form, int status, string error, string? description)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var content = new StringContent(form.Replace("KEY", key, StringComparison.Ordinal), Encoding.ASCII, "application/x-www-form-urlencoded");
        AssertError(status, error, await host.SendAsync(HttpMethod.Post, "v1/token", null, content), description);
    }

    [Fact]
    public async Task Credentials_in_two_places_or_in_a_malformed_header_are_refused()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        AssertError(
            400,
            "invalid_request",
            await RequestTokenAsync($"grant_type=client_credentials&client_secret={key}", TestHost.Basic(TestWorld.Oakland, key)),
            "Send the credentials in the Authorization header or in the body, not in both.");
        AssertError(
            401,
            "invalid_client",
            await RequestTokenAsync("grant_type=client_credentials", "Basic !!!!"),
            "The Authorization header is not well-formed Basic credentials.");
        AssertError(
            401, "invalid_client", await RequestTokenAsync("grant_type=client_credentials", TestHost.Basic(TestWorld.Oakland, SecretKey.Generate().Reveal())), InvalidCredentials);
        Assert.Equal(HttpStatusCode.OK, (await RequestTokenAsync("grant_type=client_credentials&client_id=sis-01612590000000", TestHost.Basic(TestWorld.Oakland, key))).Status);
        // RFC 6749, section 2.3.1: both parts of the Basic credentials may be percent-encoded.
        var encoded = Convert.ToBase64String(Encoding.ASCII.GetBytes($"sis%2D01612590000000:{key.Replace("_", "%5F", StringComparison.Ordinal)}"));
        Assert.Equal(HttpStatusCode.OK, (await RequestTokenAsync("grant_type=client_credentials", $"Basic {encoded}")).Status);

        async Task<ApiResponse> RequestTokenAsync(string form, string authorization)
        {
            using var content = new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded");
            return await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", authorization);
        }
    }

    [Theory]
    [InlineData("credentials-expired", "The vendor credentials have expired.", "expiredAt")]
    [InlineData("credentials-revoked", "The vendor credentials have been revoked.", "revokedAt")]
    public async Task Expired_and_revoked_credentials_return_invalid_client_with_their_own_problem_type(string type, string title, string since)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365));
        if (type == "credentials-revoked")
            await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 1);

        using var content = new StringContent("grant_type=client_credentials", Encoding.ASCII, "application/x-www-form-urlencoded");
        var response = await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", TestHost.Basic(TestWorld.Oakland, key));

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (response.Status, response.Json.GetProperty("error").GetString()));
        Assert.Equal(($"urn:problem-type:credentialing:{type}", title), (response.Json.GetProperty("type").GetString(), response.Json.GetProperty("title").GetString()));
        Assert.Equal(new DateTime(2027, 11, 23, 20, 0, 0, DateTimeKind.Utc), response.Json.GetProperty(since).GetDateTime());
    }

    [Fact]
    public async Task An_unreadable_form_returns_invalid_request()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await host.SendRawAsync(
            "POST /api/v1/token", "Basic eA==", "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", response, StringComparison.Ordinal);
        Assert.Contains("\"error\":\"invalid_request\"", response, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_JSON_body_returns_invalid_request()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var content = TestHost.Json("""{"grant_type":"client_credentials"}""");
        AssertError(
            400,
            "invalid_request",
            await host.SendAsync(HttpMethod.Post, "v1/token", null, content),
            "Send a complete form (application/x-www-form-urlencoded) of at most 65536 bytes.");
    }

    private static void AssertError(int status, string error, ApiResponse response, string? description = null)
    {
        Assert.Equal(response.Json.GetProperty("error_description").GetString(), response.Json.GetProperty("detail").GetString());
        Assert.Equal(description ?? response.Json.GetProperty("detail").GetString(), response.Json.GetProperty("detail").GetString());
        Assert.Equal(Titles[error], response.Json.GetProperty("title").GetString());
        Assert.Equal((status, error), ((int)response.Status, response.Json.GetProperty("error").GetString()));
        Assert.Equal("application/json", response.ContentHeaders.ContentType?.MediaType);
        Assert.Equal($"urn:problem-type:credentialing:{error.Replace('_', '-')}", response.Json.GetProperty("type").GetString());
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Basic"));
    }

    /// <summary>WHATWG URL, section 5.1. "+" and percent-encoding are decoded, names are case-sensitive, and a name needs no "=".</summary>
    [Theory]
    [InlineData("audience&grant_type=client_credentials&client_id=sis-01612590000000&client_secret=KEY", 200)]
    [InlineData("&&grant_type=client_credentials&client_id=sis-01612590000000&client_secret=KEY&", 200)]
    [InlineData("grant%5Ftype=client%5Fcredentials&client_id=+sis-01612590000000+&client_secret=%0D%0AKEY%20", 200)]
    [InlineData("grant_type=client_credentials&resource=a&resource=b&client_id=sis-01612590000000&client_secret=KEY", 200)] // RFC 8707
    [InlineData("grant_type=client_credentials&scope=&scope&client_id=sis-01612590000000&client_secret=KEY", 400)]
    [InlineData("grant_type=client_credentials&Grant_Type=password&client_id=sis-01612590000000&client_secret=KEY", 200)]
    [InlineData("GRANT_TYPE=client_credentials&client_id=sis-01612590000000&client_secret=KEY", 400)]
    [InlineData("?grant_type=client_credentials&client_id=sis-01612590000000&client_secret=KEY", 400)]
    public async Task A_form_is_read_as_the_URL_standard_specifies(string form, int status)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var content = new StringContent(form.Replace("KEY", key, StringComparison.Ordinal), Encoding.ASCII, "application/x-www-form-urlencoded");
        var response = await host.SendAsync(HttpMethod.Post, "v1/token", null, content);

        Assert.Equal(status, (int)response.Status);
        if (status == 400)
            AssertError(400, "invalid_request", response);
    }

    [Fact]
    public async Task A_client_id_that_contradicts_the_Authorization_header_returns_invalid_request()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var content = new StringContent("grant_type=client_credentials&client_id=sis-01611430000000", Encoding.ASCII, "application/x-www-form-urlencoded");
        AssertError(
            400,
            "invalid_request",
            await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", TestHost.Basic(TestWorld.Oakland, key)),
            "The client_id in the body is not the username in the Authorization header.");
    }

    /// <summary>The problem type stays the same. The detail does not depend on what is stored.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("\n", false)]
    [InlineData("shorter", true)]
    [InlineData("mistyped", true)]
    [InlineData("wrong", false)]
    public async Task The_detail_says_whether_the_key_is_incomplete_or_mistyped(string change, bool mistyped)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var sent = change switch
        {
            "shorter" => key[..^1],
            "mistyped" => key[..10] + (key[10] == 'A' ? 'B' : 'A') + key[11..],
            "wrong" => SecretKey.Generate().Reveal(),
            _ => key + change,
        };

        using var content = new StringContent("grant_type=client_credentials", Encoding.ASCII, "application/x-www-form-urlencoded");
        var token = await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", TestHost.Basic(TestWorld.Oakland, sent));
        var credential = await host.AsVendorAsync(TestWorld.Oakland, sent, "v1/credential");

        if (sent.Trim() == key)
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (token.Status, credential.Status));
            return;
        }

        AssertError(401, "invalid_client", token);
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid-credentials"), (credential.Status, credential.ProblemType));
        foreach (var response in (ApiResponse[])[token, credential])
            Assert.Equal(mistyped, response.Json.GetProperty("detail").GetString()!.Contains("incomplete or mistyped", StringComparison.Ordinal));
    }
}
