using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Credentialing.Core.Announcements;

namespace Credentialing.Tests.Support;

/// <summary>A fake MyTOMS shared by several app instances.</summary>
public sealed class MyTomsSite(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, AnnouncementMessage> shown = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Request, AnnouncementMessage? Body, DateTimeOffset At)> requests = new();

    /// <summary>The announcements shown, by CDS code.</summary>
    public IReadOnlyDictionary<string, AnnouncementMessage> Shown => shown;

    /// <summary>The requests received: method and CDS code, body, and time.</summary>
    public IReadOnlyList<(string Request, AnnouncementMessage? Body, DateTimeOffset At)> Requests => [.. requests];

    /// <summary>CDS codes whose requests never get a response.</summary>
    public ISet<string> HangingLeas { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The HTTP handler for one app instance.</summary>
    public HttpMessageHandler From(ExternalCalls calls) => new Handler(this, calls);

    private async Task<HttpResponseMessage> RespondAsync(HttpRequestMessage request, ExternalCalls calls, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var id = request.RequestUri!.Segments[^1];
        if (HangingLeas.Contains(id))
            await calls.Clock.HangAsync(cancellationToken);

        Assert.Equal("the key", Assert.Single(request.Headers.GetValues("X-Api-Key")));
        Assert.Equal($"/announcements/{id}", request.RequestUri.AbsolutePath);
        var body = request.Content is null ? null : JsonSerializer.Deserialize<AnnouncementMessage>(await request.Content.ReadAsStringAsync(cancellationToken), JsonSerializerOptions.Web);
        calls.Apply(() =>
        {
            requests.Enqueue(($"{request.Method} {id}", body, time.GetUtcNow()));
            if (request.Method == HttpMethod.Put)
                shown[id] = body!;
            else
                shown.TryRemove(id, out _);
        });
        return new HttpResponseMessage(HttpStatusCode.NoContent);
    }

    private sealed class Handler(MyTomsSite site, ExternalCalls calls) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage? response = null;
            try
            {
                await calls.CallAsync(
                    ExternalService.MyToms,
                    Fault.None,
                    async () => response = await site.RespondAsync(request, calls, cancellationToken),
                    status => response = new HttpResponseMessage((HttpStatusCode)status));
            }
            catch (IOException failure)
            {
                // As SocketsHttpHandler. The retry and circuit breaker policies handle no other exception for connection failures.
                throw new HttpRequestException(HttpRequestError.ConnectionError, failure.Message, failure);
            }

            return response!;
        }
    }
}
