using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Credentialing.Core.Announcements;

namespace Credentialing.Tests.Support;

/// <summary>A MyTOMS that several instances of the app share.</summary>
public sealed class MyTomsSite(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, AnnouncementMessage> shown = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Request, AnnouncementMessage? Body, DateTimeOffset At)> requests = new();

    /// <summary>What it shows, by CDS code.</summary>
    public IReadOnlyDictionary<string, AnnouncementMessage> Shown => shown;

    /// <summary>What it was asked to do, as verb and path, and when.</summary>
    public IReadOnlyList<(string Request, AnnouncementMessage? Body, DateTimeOffset At)> Requests => [.. requests];

    /// <summary>The LEAs whose requests it never answers.</summary>
    public ISet<string> Hangs { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The way to it from one instance of the app.</summary>
    public HttpMessageHandler From(Outside outside) => new Handler(this, outside);

    private async Task<HttpResponseMessage> RespondAsync(HttpRequestMessage request, InstanceClock clock, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // nothing goes out that was given up before
        var id = request.RequestUri!.Segments[^1];
        if (Hangs.Contains(id))
            await clock.HangAsync(cancellationToken);

        Assert.Equal("the key", Assert.Single(request.Headers.GetValues("X-Api-Key")));
        Assert.Equal($"/announcements/{id}", request.RequestUri.AbsolutePath);
        var body = request.Content is null ? null : JsonSerializer.Deserialize<AnnouncementMessage>(await request.Content.ReadAsStringAsync(cancellationToken), JsonSerializerOptions.Web);
        requests.Enqueue(($"{request.Method} {id}", body, time.GetUtcNow()));
        if (request.Method == HttpMethod.Put)
            shown[id] = body!;
        else
            shown.TryRemove(id, out _);
        return new HttpResponseMessage(HttpStatusCode.NoContent);
    }

    private sealed class Handler(MyTomsSite site, Outside outside) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage? response = null;
            try
            {
                await outside.CallAsync(
                    Called.MyToms,
                    Fault.None,
                    async () => response = await site.RespondAsync(request, outside.Clock, cancellationToken),
                    status => response = new HttpResponseMessage((HttpStatusCode)status));
            }
            catch (IOException failure)
            {
                // As SocketsHttpHandler does. The retries and the circuit breaker handle no other exception of a connection.
                throw new HttpRequestException(HttpRequestError.ConnectionError, failure.Message, failure);
            }

            return response!;
        }
    }
}
