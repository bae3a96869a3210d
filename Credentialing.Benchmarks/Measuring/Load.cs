using System.Net;

namespace Credentialing.Benchmarks.Measuring;

/// <summary>Sends requests over a fixed number of connections. Each connection sends its next request when it has read the response.</summary>
internal sealed class Load(Uri address, int connections, Func<HttpRequestMessage> request) : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseCookies = false, UseProxy = false }) { BaseAddress = address };

    /// <summary>Sends requests. Throws if one of them does not succeed.</summary>
    /// <param name="count">The number of requests, over all connections.</param>
    internal async Task SendAsync(int count)
    {
        var sent = 0;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => SendOneByOneAsync()));

        async Task SendOneByOneAsync()
        {
            var buffer = new byte[64 * 1024];
            while (Interlocked.Increment(ref sent) <= count)
            {
                using var message = request();
                using var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
                if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
                    throw new HttpRequestException($"{message.RequestUri} returned {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
                await using var content = await response.Content.ReadAsStreamAsync();
                while (await content.ReadAsync(buffer) > 0)
                {
                    // Read to the end.
                }
            }
        }
    }

    public void Dispose() => client.Dispose();
}
