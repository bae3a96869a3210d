using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Credentialing.Tests.Support;

/// <summary>
/// Pipeline policy of the storage clients, called per retry. Records each request that is sent, and injects the faults that a
/// test configures.
/// </summary>
public sealed class StorageTraffic(Outside outside) : HttpPipelinePolicy
{
    private readonly ConcurrentQueue<string> requests = new();

    /// <summary>The fault of the n-th request since the last <see cref="Reset"/>, counted from 1; null for no faults.</summary>
    public Func<int, Fault>? Break { get; set; }

    /// <summary>The requests sent since the last <see cref="Reset"/>, as method and path.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    public void Reset() => requests.Clear();

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("Only asynchronous requests are supported.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        requests.Enqueue($"{message.Request.Method} {message.Request.Uri.ToUri().PathAndQuery}");
        var fault = Break?.Invoke(requests.Count) ?? Fault.None;
        await outside.CallAsync(
            Called.Storage,
            fault,
            () => ProcessNextAsync(message, pipeline).AsTask(),
            status => message.Response = new StatusResponse(status, message.Request.ClientRequestId));
    }

    /// <summary>A response with only a status code, for injected 429 and 503 faults.</summary>
    private sealed class StatusResponse(int status, string clientRequestId) : Response
    {
        public override int Status => status;

        public override string ReasonPhrase => "";

        public override Stream? ContentStream { get; set; }

        public override string ClientRequestId { get; set; } = clientRequestId;

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => false;

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => [];

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
        {
            value = null;
            return false;
        }

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = null;
            return false;
        }
    }
}
