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
public sealed class StorageTraffic(ExternalCalls calls) : HttpPipelinePolicy
{
    private readonly ConcurrentQueue<string> requests = new();
    private long bytesRead;
    private int openContents;

    /// <summary>The fault of the n-th request since the last <see cref="Reset"/>, counted from 1; null for no faults.</summary>
    public Func<int, Fault>? InjectFault { get; set; }

    /// <summary>
    /// Whether the refreshes of the overview count. They run in the background after responses, so by default they are neither recorded
    /// nor get faults.
    /// </summary>
    public bool IncludesRefreshes { get; set; }

    /// <summary>Called with the method and the path of each recorded request, in the flow of the code that sends it; null for nothing.</summary>
    public Action<string>? Observe { get; set; }

    /// <summary>The requests sent since the last <see cref="Reset"/>, as method and path.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>The bytes of response content that the app has read, without those of responses that the clients buffer.</summary>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    /// <summary>The number of responses whose content is not buffered and not yet disposed. Each occupies a connection.</summary>
    public int OpenContents => Volatile.Read(ref openContents);

    public void Reset() => requests.Clear();

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("Only asynchronous requests are supported.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var request = $"{message.Request.Method} {message.Request.Uri.ToUri().PathAndQuery}";
        if (!IncludesRefreshes && IsRefresh(request))
        {
            await ProcessNextAsync(message, pipeline);
            return;
        }

        requests.Enqueue(request);
        Observe?.Invoke(request);
        var fault = InjectFault?.Invoke(requests.Count) ?? Fault.None;
        await calls.CallAsync(
            ExternalService.Storage,
            fault,
            () => ProcessNextAsync(message, pipeline).AsTask(),
            status => message.Response = new StatusResponse(status, message.Request.ClientRequestId));
        if (!message.BufferResponse && message.Response.ContentStream is { } content)
        {
            Interlocked.Increment(ref openContents);
            message.Response.ContentStream = new CountingStream(content, count => Interlocked.Add(ref bytesRead, count), () => Interlocked.Decrement(ref openContents));
        }
    }

    /// <summary>Whether it reads or writes a row of the overview, or reads the rows of an LEA that the overview needs.</summary>
    private static bool IsRefresh(string request) =>
        request.Contains("/Overview(PartitionKey='leas'", StringComparison.Ordinal)
        || (request.StartsWith("POST", StringComparison.Ordinal) && request.Contains("/Overview", StringComparison.Ordinal))
        || (request.Contains("PartitionKey%20eq", StringComparison.Ordinal) && request.Contains("RowKey%20ne%20%27announcement%27", StringComparison.Ordinal));

    /// <summary>Reports how many bytes are read from a stream, and when it is first disposed.</summary>
    private sealed class CountingStream(Stream content, Action<int> read, Action disposed) : Stream
    {
        private bool isDisposed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await content.ReadAsync(buffer, cancellationToken);
            read(count);
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        /// <summary>The clients read the content of an error response synchronously.</summary>
        public override int Read(byte[] buffer, int offset, int count) => content.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !isDisposed)
            {
                isDisposed = true;
                content.Dispose();
                disposed();
            }

            base.Dispose(disposing);
        }
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
