using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Credentialing.Tests.Support;

/// <summary>
/// Sits on the pipeline of the storage clients, below their retries: counts the requests that really go out, and breaks
/// those that a test wants broken.
/// </summary>
public sealed class StorageTraffic : HttpPipelinePolicy
{
    private readonly ConcurrentQueue<string> requests = new();

    /// <summary>What to do to the n-th request since the last <see cref="Reset"/>, counted from 1; null to let all pass.</summary>
    public Func<int, Fault>? Break { get; set; }

    /// <summary>What went out since the last <see cref="Reset"/>, as verb and path.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    public void Reset() => requests.Clear();

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("Everything here is asynchronous.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        requests.Enqueue($"{message.Request.Method} {message.Request.Uri.ToUri().PathAndQuery}");
        var fault = Break?.Invoke(requests.Count) ?? Fault.None;
        if (fault is Fault.Before)
            throw new IOException("The request was broken before it was sent.");
        await ProcessNextAsync(message, pipeline);
        if (fault is Fault.After)
            throw new IOException("The request was broken after it was answered.");
    }
}

public enum Fault
{
    None,

    /// <summary>The request never reaches storage.</summary>
    Before,

    /// <summary>Storage does what it is asked, and its answer gets lost.</summary>
    After,
}
