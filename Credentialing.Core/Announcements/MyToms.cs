using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Credentialing.Core.Announcements;

/// <summary>
/// Client for the MyTOMS Home page, which has one announcement per LEA, identified by its CDS code. Both operations are idempotent.
/// The contract is <c>docs/mytoms.openapi.yaml</c>. Thread safe.
/// </summary>
public sealed class MyToms(IHttpClientFactory clients)
{
    /// <summary>The name of the HTTP client in <see cref="IHttpClientFactory"/>.</summary>
    public const string Client = nameof(MyToms);

    /// <summary>Creates or replaces the LEA's announcement.</summary>
    /// <exception cref="HttpRequestException">MyTOMS is unreachable, or returns an error status, after all retries.</exception>
    /// <exception cref="TimeoutRejectedException">The request timed out.</exception>
    /// <exception cref="BrokenCircuitException">The circuit breaker is open after many failures. No request was sent.</exception>
    public async Task PutAsync(Announcement announcement, CancellationToken cancellationToken)
    {
        using var body = JsonContent.Create(AnnouncementMessage.Of(announcement), options: JsonSerializerOptions.Web);
        using var response = await SendAsync(HttpMethod.Put, announcement.LeaId, body, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Deletes the LEA's announcement. Succeeds if there is none (404).</summary>
    /// <inheritdoc cref="PutAsync" path="/exception"/>
    public async Task DeleteAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Delete, leaId, body: null, cancellationToken);
        if (response.StatusCode is not HttpStatusCode.NotFound)
            response.EnsureSuccessStatusCode();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, LeaId leaId, HttpContent? body, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var request = new HttpRequestMessage(method, new Uri($"announcements/{leaId}", UriKind.Relative)) { Content = body };
        // The response body is not used. Reading it would have no timeout, because it would be outside the resilience pipeline.
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }
}
