using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Credentialing.Core.Announcements;

/// <summary>
/// The MyTOMS Home page, which holds one announcement for each LEA, under its CDS code. Both operations can be repeated.
/// Their contract is <c>docs/mytoms.openapi.yaml</c>.
/// </summary>
public sealed class MyToms(IHttpClientFactory clients)
{
    /// <summary>The name of the HTTP client that it uses.</summary>
    public const string Client = nameof(MyToms);

    /// <summary>Makes MyTOMS show this, in the place of whatever it shows of the LEA.</summary>
    /// <exception cref="HttpRequestException">MyTOMS cannot be reached, or refuses.</exception>
    /// <exception cref="TimeoutRejectedException">MyTOMS takes too long.</exception>
    /// <exception cref="BrokenCircuitException">MyTOMS is away altogether, and was not called again.</exception>
    public async Task PutAsync(Announcement announcement, CancellationToken cancellationToken)
    {
        using var body = JsonContent.Create(AnnouncementMessage.Of(announcement), options: JsonSerializerOptions.Web);
        using var response = await SendAsync(HttpMethod.Put, announcement.LeaId, body, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Makes MyTOMS show nothing of the LEA.</summary>
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
        // The answer's body says nothing, and the client would wait for its end without any timeout.
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }
}
