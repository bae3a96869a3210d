using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Fuzzing;

/// <summary>Bytes that an HTTP client does not send: other methods and versions, any bytes in headers, and bodies with damaged framing.</summary>
[Kind(TestKind.Storage)]
public sealed class RawRequestFuzzingTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    /// <summary>How long the server may wait for the rest of a request before the client closes its side.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    [Fact]
    public Task Any_bytes_on_a_connection() => FuzzRun.SampleAsync(output, 20, () => FuzzedApi.StartAsync(azurite), Requests, SendAsync, FuzzedRequest.Printable);

    private static Gen<string> Requests(FuzzedApi api)
    {
        var bytes = Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['\0', '\u00FF'], Gen.Char["\r\n\t:;,"]);
        var methods = Gen.Frequency((6, Gen.OneOf("GET", "POST", "PUT", "DELETE", "HEAD")), (2, Gen.OneOf("OPTIONS", "TRACE", "PATCH", "CONNECT", "get", "PROPFIND", "X")), (1, Mutations.Of(bytes, "GET")));
        var targets = Gen.Frequency((4, Gen.OneOf($"/api/{FuzzedApi.Credentials}", $"/api/{FuzzedApi.Report}", "/api/v1/token", "/api/leas/01612590000000/shares")), (3, Mutations.Of(bytes, $"/api/{FuzzedApi.Report}?link=a", "/api/leas/%2e%2e/01612590000000", "*", "http://other.example/api/health")));
        var versions = Gen.Frequency((12, Gen.Const("HTTP/1.1")), (1, Gen.Const("HTTP/1.0")), (1, Mutations.Of(bytes, "HTTP/1.1", "HTTP/2.0")));
        var headers = Gen.OneOf(
            Gen.Select(Gen.OneOf("If-Match", "Range", "Accept", "Content-Type", "Cookie", "X-Vendor", "User-Agent", "Expect", "Upgrade", "Authorization", "Host", "Content-Length"), Gen.OneOf(Gen.String[bytes, 0, 20], Gen.OneOf("100-continue", "\"1\"", "bytes=0-1", "-1", "99999999999999999999")), (name, value) => $"{name}: {value}\r\n"),
            Gen.Select(Gen.String[bytes, 0, 10], Gen.String[bytes, 0, 10], (name, value) => $"{name}:{value}\r\n"));
        var body = Gen.OneOf("{}", "{\"authorized\":false}", "grant_type=client_credentials", "");
        var framed = Gen.Frequency(
            (3, Gen.Const("\r\n")),
            (4, body.Select(text => string.Create(CultureInfo.InvariantCulture, $"Content-Length: {text.Length}\r\n\r\n{text}"))),
            (3, body.Select(text => string.Create(CultureInfo.InvariantCulture, $"Transfer-Encoding: chunked\r\n\r\n{text.Length:x}\r\n{text}\r\n0\r\n\r\n"))),
            (4, Mutations.Of(bytes, "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2;a=b\r\n{}\r\n0\r\nTrailer: 1\r\n\r\n", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")));
        var authorizations = Gen.OneOf(ApiOperations.Now(() => api.Rosa), ApiOperations.Now(() => api.Toms), ApiOperations.Now(() => api.Basic), Mutations.Of(bytes, "Basic Og==", "Bearer a.b.c"));
        return Gen.Select(methods, targets, versions, headers.Array[0, 3], authorizations, framed, (method, target, version, more, authorization, rest) =>
            $"{method} {target} {version}\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\nIf-Match: \"4000\"\r\n{string.Concat(more)}{rest}");
    }

    private static async Task SendAsync(FuzzedApi api, string request)
    {
        FuzzRun.CountRequest();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(FuzzRun.Limit);
        using var connection = new TcpClient();
        await connection.ConnectAsync(api.Host.Address.Host, api.Host.Address.Port, limit.Token);
        var text = "";
        try
        {
            await using var stream = connection.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var reading = reader.ReadToEndAsync(limit.Token);
            // The end of the request may be missing. Without it, the server waits longer than this test.
            if (await Task.WhenAny(reading, Task.Delay(Patience, limit.Token)) != reading)
                connection.Client.Shutdown(SocketShutdown.Send);
            text = await reading;
        }
        catch (IOException)
        {
            // The server has closed the connection without reading everything.
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The server did not end the connection.");
        }

        api.CheckLog();
        if (text.Length == 0)
            return;
        Assert.Matches(@"\AHTTP/1\.[01] [1-5][0-9]{2} ", text);
        var final = text.StartsWith("HTTP/1.1 100 ", StringComparison.Ordinal) ? text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..] : text;
        if (final.Length == 0)
            return;
        var status = int.Parse(final.AsSpan(9, 3), CultureInfo.InvariantCulture);
        Assert.True(status is < 500 or 505, final); // 505: another version of HTTP, by the server itself
        api.CheckText(status, final.Split("\r\n\r\n", 2)[^1], []);
    }
}
