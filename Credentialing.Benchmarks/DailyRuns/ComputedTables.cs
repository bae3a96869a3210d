using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Benchmarks.DailyRuns;

/// <summary>
/// Transport of a table client that computes the responses of Table Storage from the requests, so that a million LEAs need no memory. Each
/// LEA with an index entry has credentials, a name and two coordinators; if the credentials have expired, also its announcement. Every
/// write succeeds, and nothing is stored. Thread safe.
/// </summary>
/// <param name="indexed">The number of LEAs with an index entry.</param>
/// <param name="expiresAt">When their credentials expire or expired.</param>
/// <param name="latency">The time until a response.</param>
/// <param name="calendar">The calendar of the announcements.</param>
/// <param name="screen">The links in the announcements.</param>
internal sealed class ComputedTables(int indexed, DateTimeOffset expiresAt, TimeSpan latency, LeaCalendar calendar, CredentialingScreen screen) : HttpPipelineTransport
{
    private const int PageSize = 1_000;
    private const string Version = "W/\"datetime'2026-11-27T00%3A00%3A00.0000000Z'\"";
    private const string Operation = "Content-Type: application/http";
    private const string Json = "application/json;odata=minimalmetadata";

    private static readonly Coordinator Rosa = new("rosa", "Rosa Delgado", "rosa@lea.example");
    private static readonly Coordinator Luis = new("luis", "Luis Ortega", "luis@lea.example");

    private readonly string date = expiresAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private long requests;

    /// <summary>The number of requests so far.</summary>
    internal long Requests => Interlocked.Read(ref requests);

    /// <inheritdoc/>
    public override Request CreateRequest() => HttpClientTransport.Shared.CreateRequest();

    /// <inheritdoc/>
    public override void Process(HttpMessage message) => throw new NotSupportedException("Only asynchronous requests are supported.");

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        Interlocked.Increment(ref requests);
        await Task.Delay(latency, message.CancellationToken);
        var path = message.Request.Uri.Path;
        if (path.EndsWith("$batch", StringComparison.Ordinal))
            message.Response = await BatchAsync(message);
        else if (message.Request.Method != RequestMethod.Get)
            message.Response = new ComputedResponse(204, message.Request.ClientRequestId, "", ("ETag", Version));
        else if (path.Contains("Expirations", StringComparison.Ordinal))
            message.Response = IndexPage(message);
        else if (path.Contains("Leas", StringComparison.Ordinal))
            message.Response = new ComputedResponse(200, message.Request.ClientRequestId, RowsOf(LeaIn(message)), ("Content-Type", Json));
        else
            throw new InvalidOperationException($"Unexpected request to {path}.");
    }

    private ComputedResponse IndexPage(HttpMessage message)
    {
        var query = Uri.UnescapeDataString(message.Request.Uri.Query);
        var at = query.IndexOf("NextRowKey=", StringComparison.Ordinal);
        var first = at < 0 ? 0 : int.Parse(query.AsSpan(at + "NextRowKey=".Length, LeaId.Length), CultureInfo.InvariantCulture);
        var count = Math.Min(PageSize, indexed - first);
        var rows = new StringBuilder("{\"value\":[");
        for (var number = first; number < first + count; number++)
            rows.Append(number > first ? "," : "").Append(Row(date, Code(number), ""));
        (string, string)[] next = first + count < indexed
            ? [("x-ms-continuation-NextPartitionKey", date), ("x-ms-continuation-NextRowKey", Code(first + count))]
            : [];
        return new ComputedResponse(200, message.Request.ClientRequestId, rows.Append("]}").ToString(), [("Content-Type", Json), .. next]);
    }

    private string RowsOf(LeaId leaId)
    {
        var (id, at) = (leaId.Value, Time(expiresAt - Credential.Lifetime));
        var name = $"LEA {id}";
        var credential = new Credential(
            leaId, 1, new SecretKeyVerifier("1", new byte[32]), expiresAt - Credential.Lifetime, Rosa, expiresAt, new ReleaseAuthorization(Rosa, expiresAt - Credential.Lifetime, "1"));
        var rows = new List<string>
        {
            Row(id, "coordinator:luis", Text("Name", Luis.Name) + Text("Email", Luis.Email)),
            Row(id, "coordinator:rosa", Text("Name", Rosa.Name) + Text("Email", Rosa.Email)),
            Row(
                id,
                "credential",
                $",\"Generation\":1{Text("Username", $"sis-{id}")}{Typed("Verifier", "Edm.Binary", Convert.ToBase64String(new byte[32]))}{Text("PepperVersion", "1")}"
                    + $"{Typed("GeneratedAt", "Edm.DateTime", at)}{Typed("ExpiresAt", "Edm.DateTime", Time(expiresAt))}{Typed("AuthorizedAt", "Edm.DateTime", at)}"
                    + $"{Text("AuthorizedWording", "1")}{Person("GeneratedBy")}{Person("AuthorizedBy")}"),
            Row(id, "lea", Text("Name", name)),
        };
        if (Announcement.Of(leaId, name, CredentialStatus.Of(credential, calendar, TimeProvider.System.GetUtcNow()), calendar, screen) is { State: CredentialState.Expired } posted)
            rows.Insert(0, Row(id, "announcement", Text("Content", $"{posted.Title}\n{posted.Text}\n{posted.Link}")));
        return $"{{\"value\":[{string.Join(',', rows)}]}}";
    }

    /// <summary>Returns a response in which each operation of the transaction has succeeded.</summary>
    private static async Task<ComputedResponse> BatchAsync(HttpMessage message)
    {
        using var content = new MemoryStream();
        await message.Request.Content!.WriteToAsync(content, message.CancellationToken);
        var operations = Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length).Split(Operation).Length - 1;
        var body = new StringBuilder("--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n");
        for (var operation = 0; operation < operations; operation++)
            body.Append("--changesetresponse_1\r\n").Append(Operation).Append("\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 204 No Content\r\nETag: ").Append(Version).Append("\r\n\r\n\r\n");
        body.Append("--changesetresponse_1--\r\n--batchresponse_1--\r\n");
        return new ComputedResponse(202, message.Request.ClientRequestId, body.ToString(), ("Content-Type", "multipart/mixed; boundary=batchresponse_1"));
    }

    private static LeaId LeaIn(HttpMessage message)
    {
        var query = Uri.UnescapeDataString(message.Request.Uri.Query);
        return LeaId.Parse(query.Substring(query.IndexOf('\'', StringComparison.Ordinal) + 1, LeaId.Length));
    }

    private static string Code(int number) => number.ToString("D14", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static string Row(string partitionKey, string rowKey, string columns) =>
        $"{{\"odata.etag\":{JsonSerializer.Serialize(Version)},\"PartitionKey\":\"{partitionKey}\",\"RowKey\":\"{rowKey}\",\"Timestamp\":\"2026-11-27T00:00:00.0000000Z\",\"SchemaVersion\":1{columns}}}";

    private static string Person(string column) => Text(column, Rosa.Id) + Text($"{column}Name", Rosa.Name) + Text($"{column}Email", Rosa.Email);

    private static string Text(string column, string? value) => $",\"{column}\":{JsonSerializer.Serialize(value)}";

    private static string Typed(string column, string type, string value) => $",\"{column}@odata.type\":\"{type}\",\"{column}\":\"{value}\"";

    private sealed class ComputedResponse(int status, string clientRequestId, string content, params (string Name, string Value)[] headers) : Response
    {
        public override int Status => status;

        public override string ReasonPhrase => "";

        public override Stream? ContentStream { get; set; } = new MemoryStream(Encoding.UTF8.GetBytes(content));

        public override string ClientRequestId { get; set; } = clientRequestId;

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => TryGetHeader(name, out _);

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => headers.Select(header => new HttpHeader(header.Name, header.Value));

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
        {
            value = headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
            return value is not null;
        }

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = TryGetHeader(name, out var value) ? [value] : null;
            return values is not null;
        }
    }
}
