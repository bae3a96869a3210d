using System.Diagnostics;
using System.Globalization;
using CsCheck;

namespace Credentialing.Tests.Fuzzing;

/// <summary>
/// Runs the fuzzing of one family of inputs. Every family has a share of all inputs, so that one setting scales them all. A failure
/// prints the shrunk input and its seed: <c>CsCheck_Seed</c> replays it.
/// </summary>
internal static class FuzzRun
{
    /// <summary>The inputs between two starts of the system, so that what accepted requests leave does not slow it.</summary>
    private const int InputsPerStart = 10_000;

    /// <summary>No operation may take longer. An HTTP request has this limit of its own.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>The number of inputs of all families. <c>CREDENTIALING_INPUTS</c> (up to 10,000,000) overrides it.</summary>
    private static readonly int Inputs =
        int.TryParse(Environment.GetEnvironmentVariable("CREDENTIALING_INPUTS"), CultureInfo.InvariantCulture, out var value) ? Math.Clamp(value, 1, 10_000_000) : 20_000;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);
    private static readonly Lock Counting = new();
    private static long began;
    private static long inputs;
    private static long requests;

    /// <summary>Counts a request to the system, or a call of a parser.</summary>
    internal static void CountRequest() => Interlocked.Increment(ref requests);

    /// <summary>Fuzzes a system that is started once, or several times for many inputs.</summary>
    /// <param name="output">Gets the progress and the result.</param>
    /// <param name="perMille">The share of this family.</param>
    /// <param name="start">Starts the system.</param>
    /// <param name="inputsOf">Returns the generator of inputs for the system.</param>
    /// <param name="check">Sends an input, and checks the properties.</param>
    /// <param name="print">Returns the text of an input for a failure.</param>
    /// <param name="inputsPerStart">The inputs between two starts of the system.</param>
    internal static async Task SampleAsync<TSystem, T>(
        ITestOutputHelper output, int perMille, Func<Task<TSystem>> start, Func<TSystem, Gen<T>> inputsOf, Func<TSystem, T, Task> check, Func<T, string> print, int inputsPerStart = InputsPerStart)
        where TSystem : IAsyncDisposable
    {
        var total = Math.Max(1, (int)((long)Inputs * perMille / 1000));
        var progress = new Progress(output, total);
        for (var left = total; left > 0; left -= inputsPerStart)
        {
            await using var system = await start();
            await inputsOf(system).SampleAsync(
                async input =>
                {
                    progress.Next();
                    await check(system, input);
                },
                iter: Math.Min(left, inputsPerStart),
                threads: 1,
                print: print);
        }

        progress.End();
    }

    /// <summary>Fuzzes code that needs no system. Fails if one input takes longer than <see cref="Limit"/>.</summary>
    internal static Task SampleAsync<T>(ITestOutputHelper output, int perMille, Gen<T> all, Action<T> check, Func<T, string> print) => SampleAsync(
        output, perMille, () => Task.FromResult(new None()), _ => all, async (_, input) =>
        {
            CountRequest();
            await Task.Run(() => check(input), TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        },
        print);

    /// <summary>Counts the inputs of a family, and writes how far it is.</summary>
    private sealed class Progress(ITestOutputHelper output, int total)
    {
        private readonly long start = Start();
        private long reported = Stopwatch.GetTimestamp();
        private int done;

        internal void Next()
        {
            done++;
            Interlocked.Increment(ref inputs);
            if (Stopwatch.GetElapsedTime(reported) < ProgressInterval)
                return;
            reported = Stopwatch.GetTimestamp();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {total} inputs, {Stopwatch.GetElapsedTime(start).TotalSeconds:0} seconds"));
        }

        internal void End() => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{done} inputs, {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} seconds. All families so far: {Interlocked.Read(ref inputs)} inputs, {Interlocked.Read(ref requests)} requests, {Stopwatch.GetElapsedTime(began).TotalSeconds:0} seconds."));

        private static long Start()
        {
            lock (Counting)
            {
                if (began == 0)
                    began = Stopwatch.GetTimestamp();
            }

            return Stopwatch.GetTimestamp();
        }
    }

    /// <summary>No system.</summary>
    private sealed class None : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
