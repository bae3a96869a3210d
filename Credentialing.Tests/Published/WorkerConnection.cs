using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Grpc.Core;

namespace Credentialing.Tests.Published;

/// <summary>
/// The Functions host's side of the conversation with its worker (<c>FunctionRpc.proto</c>): the worker opens the stream, says where it
/// takes HTTP requests and which functions it has, loads them, and runs one at each invocation.
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

    /// <summary>The worker, when all its functions are loaded.</summary>
    internal Task<Worker> Loaded => loaded.Task;

    /// <summary>What the worker logged through its host.</summary>
    internal IReadOnlyCollection<RpcLog> Logs => logs;

    /// <summary>Runs a function; returns how that went.</summary>
    /// <exception cref="IOException">The worker ends before the function has.</exception>
    internal Task<StatusResult> InvokeAsync(InvocationRequest request)
    {
        var invocation = invocations[request.InvocationId] = new TaskCompletionSource<StatusResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        request.TraceContext = new RpcTraceContext { TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01" };
        Send(new StreamingMessage { InvocationRequest = request });
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
            outgoing.Writer.TryComplete();
            foreach (var invocation in invocations.Values)
                invocation.TrySetException(new IOException("The worker has ended."));
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
            // The worker has ended.
        }
    }

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
                break; // what this host has no use for
        }
    }

    private static void ThrowIfFailed(StatusResult result)
    {
        if (result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException($"The worker reports a failure: {result.Exception?.Message}");
    }
}

/// <summary>A worker that is ready.</summary>
/// <param name="HttpAddress">Where it takes HTTP requests.</param>
/// <param name="Functions">Its functions.</param>
internal sealed record Worker(Uri HttpAddress, IReadOnlyList<RpcFunctionMetadata> Functions);
