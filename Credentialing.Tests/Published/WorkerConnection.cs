using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Grpc.Core;

namespace Credentialing.Tests.Published;

/// <summary>
/// The host side of the gRPC protocol between Functions host and worker (<c>FunctionRpc.proto</c>). The worker opens the stream,
/// reports its HTTP address and its functions, loads them, and runs one for each invocation.
/// </summary>
internal sealed class WorkerConnection(string appFolder) : FunctionRpc.FunctionRpcBase
{
    private readonly Channel<StreamingMessage> outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly TaskCompletionSource<Worker> loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StatusResult>> invocations = new();
    private readonly ConcurrentQueue<RpcLog> logs = new();
    private readonly List<RpcFunctionMetadata> functions = [];
    private Uri? httpAddress;
    private int loadedFunctions;
    private volatile bool hasEnded;

    /// <summary>Completes with the worker when all functions are loaded.</summary>
    internal Task<Worker> Loaded => loaded.Task;

    /// <summary>The log entries that the worker sent to the host.</summary>
    internal IReadOnlyCollection<RpcLog> Logs => logs;

    /// <summary>Whether the worker has exited.</summary>
    internal bool HasEnded => hasEnded;

    /// <summary>Invokes a function and returns the result.</summary>
    /// <exception cref="IOException">The worker exits before the function completes.</exception>
    internal Task<StatusResult> InvokeAsync(InvocationRequest request)
    {
        var invocation = invocations[request.InvocationId] = new TaskCompletionSource<StatusResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        request.TraceContext = new RpcTraceContext { TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01" };
        Send(new StreamingMessage { InvocationRequest = request });
        if (hasEnded)
            invocation.TrySetException(Exited());
        return invocation.Task;
    }

    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        var sending = SendAllAsync(responseStream);
        try
        {
            await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
                Receive(message);
        }
        catch (Exception failure)
        {
            loaded.TrySetException(failure);
        }
        finally
        {
            hasEnded = true;
            outgoing.Writer.TryComplete();
            foreach (var invocation in invocations.Values)
                invocation.TrySetException(Exited());
            await sending;
        }
    }

    private async Task SendAllAsync(IServerStreamWriter<StreamingMessage> stream)
    {
        try
        {
            await foreach (var message in outgoing.Reader.ReadAllAsync())
                await stream.WriteAsync(message);
        }
        catch (InvalidOperationException)
        {
            // The worker exited.
        }
    }

    private static IOException Exited() => new("The worker has exited.");

    private void Send(StreamingMessage message)
    {
        message.RequestId = Guid.NewGuid().ToString();
        outgoing.Writer.TryWrite(message);
    }

    private void Receive(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.StartStream:
                Send(new StreamingMessage { WorkerInitRequest = new WorkerInitRequest { HostVersion = "4.1048.200", WorkerDirectory = appFolder, FunctionAppDirectory = appFolder } });
                break;
            case StreamingMessage.ContentOneofCase.WorkerInitResponse:
                ThrowIfFailed(message.WorkerInitResponse.Result);
                httpAddress = new Uri(message.WorkerInitResponse.Capabilities["HttpUri"]);
                Send(new StreamingMessage { FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = appFolder } });
                break;
            case StreamingMessage.ContentOneofCase.FunctionMetadataResponse:
                ThrowIfFailed(message.FunctionMetadataResponse.Result);
                functions.AddRange(message.FunctionMetadataResponse.FunctionMetadataResults);
                foreach (var function in functions)
                    Send(new StreamingMessage { FunctionLoadRequest = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function } });
                break;
            case StreamingMessage.ContentOneofCase.FunctionLoadResponse:
                ThrowIfFailed(message.FunctionLoadResponse.Result);
                if (++loadedFunctions == functions.Count)
                    loaded.TrySetResult(new Worker(httpAddress!, functions));
                break;
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                if (invocations.TryRemove(message.InvocationResponse.InvocationId, out var invocation))
                    invocation.TrySetResult(message.InvocationResponse.Result);
                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                logs.Enqueue(message.RpcLog);
                break;
            default:
                break; // other messages are ignored
        }
    }

    private static void ThrowIfFailed(StatusResult result)
    {
        if (result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException($"The worker reports a failure: {result.Exception?.Message}");
    }
}

/// <summary>A worker whose functions are loaded.</summary>
/// <param name="HttpAddress">The address to which HTTP requests are forwarded.</param>
/// <param name="Functions">The metadata of its functions.</param>
internal sealed record Worker(Uri HttpAddress, IReadOnlyList<RpcFunctionMetadata> Functions);
