using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Credentialing.Benchmarks.Sides;

/// <summary>
/// Transport of an Azure client that sends each GET request once, and from then on returns the same response from memory. So a comparison
/// contains the cost of the client, but not of the emulator. Other requests are sent. Thread safe.
/// </summary>
internal sealed class ReplayTransport : HttpPipelineTransport
{
    private readonly HttpClientTransport transport = HttpClientTransport.Shared;
    private readonly ConcurrentDictionary<string, Recorded> responses = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override Request CreateRequest() => transport.CreateRequest();

    /// <inheritdoc/>
    public override void Process(HttpMessage message) => throw new NotSupportedException("Only asynchronous requests are supported.");

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        if (message.Request.Method != RequestMethod.Get)
        {
            await transport.ProcessAsync(message);
            return;
        }

        var address = message.Request.Uri.ToString();
        if (!responses.TryGetValue(address, out var recorded))
        {
            await transport.ProcessAsync(message);
            var content = await BinaryData.FromStreamAsync(message.Response.ContentStream ?? Stream.Null);
            responses[address] = recorded = new Recorded(message.Response.Status, [.. message.Response.Headers], content);
            message.Response.Dispose();
        }

        message.Response = new ReplayedResponse(recorded, message.Request.ClientRequestId);
    }

    private sealed record Recorded(int Status, IReadOnlyList<HttpHeader> Headers, BinaryData Content);

    private sealed class ReplayedResponse(Recorded recorded, string clientRequestId) : Response
    {
        public override int Status => recorded.Status;

        public override string ReasonPhrase => "";

        public override Stream? ContentStream { get; set; } = recorded.Content.ToStream();

        public override string ClientRequestId { get; set; } = clientRequestId;

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => TryGetHeader(name, out _);

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => recorded.Headers;

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
        {
            foreach (var header in recorded.Headers)
            {
                if (header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    value = header.Value;
                    return true;
                }
            }

            value = null;
            return false;
        }

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = TryGetHeader(name, out var value) ? [value] : null;
            return values is not null;
        }
    }
}
