using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Credentialing.Core;
using Credentialing.Core.Credentials;

namespace Credentialing.Tests.Support;

/// <summary>The API on a free port, independent of its host, and methods that send requests to it.</summary>
public abstract class ApiHost
{
    public const string Authorization = """{"authorized":true,"wordingVersion":"2026-1"}""";

    public abstract Uri Address { get; }

    /// <summary>Checks each response against the OpenAPI document.</summary>
    public DescribedResponses Described { get; } = new();

    /// <summary>HTTP client for the API. Paths are relative to its base path.</summary>
    public HttpClient Client => field ??= new HttpClient(Described) { BaseAddress = new Uri(Address, "api/") };

    /// <summary>Returns an access token of the persona.</summary>
    public abstract Task<string> SignInAsync(string persona);

    /// <summary>Sends a request as a persona (null: unauthenticated). Extra headers are given as alternating names and values.</summary>
    public async Task<ApiResponse> SendAsync(HttpMethod method, string path, string? persona = null, HttpContent? content = null, params string[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (persona is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await SignInAsync(persona));
        for (var index = 0; index < headers.Length; index += 2)
            Assert.True(request.Headers.TryAddWithoutValidation(headers[index], headers[index + 1]));
        return await ApiResponse.ReadAsync(await Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>Generates credentials, or regenerates the given generation, as a coordinator.</summary>
    public Task<ApiResponse> GenerateAsync(string persona, LeaId leaId, int? seenGeneration = null, string body = Authorization) =>
        SendAsync(
            HttpMethod.Post, $"leas/{leaId}/credentials", persona, Json(body),
            seenGeneration is null ? ["If-None-Match", "*"] : ["If-Match", $"\"{seenGeneration}\""]);

    /// <summary>Generates credentials, or regenerates the given generation. Asserts status 201 and returns the secret key.</summary>
    public async Task<string> MustGenerateAsync(string persona, LeaId leaId, int? seenGeneration = null, int keepPreviousForDays = 0)
    {
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"authorized":true,"wordingVersion":"2026-1","keepPreviousForDays":{{keepPreviousForDays}}}""");
        var response = await GenerateAsync(persona, leaId, seenGeneration, body);
        Assert.Equal(HttpStatusCode.Created, response.Status);
        return response.Json.GetProperty("secretKey").GetString()!;
    }

    /// <summary>Revokes the given generation of the credentials. Asserts status 200.</summary>
    public async Task MustRevokeAsync(string persona, LeaId leaId, int seenGeneration, string reason = "It was disclosed.")
    {
        var body = JsonSerializer.Serialize(new { reason });
        var response = await SendAsync(HttpMethod.Post, $"leas/{leaId}/credentials/revocation", persona, Json(body), "If-Match", $"\"{seenGeneration}\"");
        Assert.Equal(HttpStatusCode.OK, response.Status);
    }

    /// <summary>Sends a GET request as a vendor with HTTP Basic authentication.</summary>
    public Task<ApiResponse> AsVendorAsync(LeaId leaId, string secretKey, string path, params string[] headers) =>
        SendAsync(HttpMethod.Get, path, headers: ["Authorization", Basic(leaId, secretKey), .. headers]);

    public static string Basic(LeaId leaId, string secretKey) =>
        "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{new Username(leaId)}:{secretKey}"));

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
