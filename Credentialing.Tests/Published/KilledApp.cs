namespace Credentialing.Tests.Published;

/// <summary>One or more instances of the published app. Each is killed after a random number of requests, and started again.</summary>
internal sealed class KilledApp(PublishedApp app, ExternalServices services) : IAsyncDisposable
{
    private readonly Lock changing = new();
    private readonly List<Instance> running = [];
    private readonly List<DateTimeOffset> kills = [];
    private bool isStopped;
    private TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When instances were killed, in order.</summary>
    internal IReadOnlyList<DateTimeOffset> Kills
    {
        get
        {
            lock (changing)
                return [.. kills];
        }
    }

    /// <summary>Starts an instance.</summary>
    /// <param name="lifetime">The number of requests after which it is to be killed.</param>
    internal async Task<Instance> StartAsync(int lifetime)
    {
        var instance = new Instance(await FunctionsHost.StartAsync(app, services), lifetime);
        lock (changing)
        {
            running.Add(instance);
            started.TrySetResult();
        }

        return instance;
    }

    /// <summary>Returns a running instance. Waits for one if there is none; null if none will be started any more.</summary>
    internal async Task<Instance?> RunningAsync(Random random)
    {
        while (true)
        {
            Task next;
            lock (changing)
            {
                if (running.Count > 0)
                    return running[random.Next(running.Count)];
                if (isStopped)
                    return null;
                if (started.Task.IsCompleted)
                    started = new(TaskCreationOptions.RunContinuationsAsynchronously);
                next = started.Task;
            }

            await next.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Kills an instance with SIGKILL. Clients may still be waiting for its responses.</summary>
    internal async Task KillAsync(Instance instance)
    {
        lock (changing)
            running.Remove(instance);
        await instance.Host.KillAsync();
        lock (changing)
            kills.Add(TimeProvider.System.GetUtcNow());
        await instance.Host.DisposeAsync();
    }

    /// <summary>Kills all instances. None is started any more.</summary>
    internal async Task StopAsync()
    {
        Instance[] all;
        lock (changing)
        {
            isStopped = true;
            all = [.. running];
            started.TrySetResult();
        }

        await Task.WhenAll(all.Select(KillAsync));
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>A running instance.</summary>
    internal sealed class Instance(FunctionsHost host, int lifetime)
    {
        private readonly TaskCompletionSource due = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int requests;

        internal FunctionsHost Host => host;

        /// <summary>Completes when the instance is to be killed.</summary>
        internal Task Due => due.Task;

        /// <summary>Counts a request that is about to be sent.</summary>
        internal void Count()
        {
            if (Interlocked.Increment(ref requests) == lifetime)
                due.TrySetResult();
        }
    }
}
