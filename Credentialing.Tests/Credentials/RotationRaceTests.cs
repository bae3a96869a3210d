using System.Collections.Concurrent;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Credentials;

/// <summary>Regenerations, revocations, ends of overlaps and authentications at the same time on several instances.</summary>
[Kind(TestKind.Storage)]
public sealed class RotationRaceTests(AzuriteFixture azurite)
{
    private const int Seeds = 8;
    private const int Steps = 4;

    [Fact]
    public Task At_most_two_generations_authenticate_and_none_that_was_revoked_or_ended_before_the_request() =>
        Gen.Int[0, int.MaxValue].SampleAsync(CheckAsync, iter: Seeds, threads: 1);

    private async Task CheckAsync(int seed)
    {
        var random = new Random(seed);
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var second = world.AnotherInstance();
        await using var third = world.AnotherInstance();
        TestWorld[] instances = [world, second, third];
        var state = new State();
        await RegenerateAsync(world, state, seen: null, days: 0);
        for (var step = 0; step < Steps; step++)
        {
            if (random.Next(4) == 0)
            {
                world.Vault.Rotate(SecretRing.CredentialPepper);
                world.Clock.Advance(SecretRing.UnknownVersionInterval); // each instance can load the new version when it meets it
            }

            world.Clock.Advance(random.Next(3) switch { 0 => TimeSpan.FromTicks(1), 1 => SecretRing.RefreshInterval, _ => TimeSpan.FromDays(1.5) });
            var credential = (await StatusAsync(world)).Credential!;
            if (credential.PreviousKey is { } previous && previous.HasExpired(world.Clock.GetUtcNow()))
                state.Ended[previous.Generation] = true;

            var changes = instances.SelectMany(instance => Enumerable.Range(0, 2).Select(_ => Change(instance, random.Next(6), credential.Generation, $"reason {random.Next()}", random.Next(8)))).ToList();
            using var done = new CancellationTokenSource();
            var vendors = instances.Select(instance => Task.Run(() => AuthenticateUntilAsync(instance, state, done.Token))).ToList();
            await Task.WhenAll(changes.Select(change => Task.Run(change)));
            await done.CancelAsync();
            await Task.WhenAll(vendors);
            await CheckAsync(instances[random.Next(instances.Length)], state);
        }

        Func<Task> Change(TestWorld instance, int kind, int generation, string reason, int days) => kind switch
        {
            0 or 1 => () => RegenerateAsync(instance, state, generation, days),
            2 => () => RegenerateAsync(instance, state, generation, days: 0),
            3 => () => RevokeAsync(instance, state, generation, reason),
            _ => () => EndAsync(instance, state, kind == 4 ? generation : null),
        };
    }

    /// <summary>Only the current key and the previous one of the stored row authenticate, and each success has its audit event.</summary>
    private static async Task CheckAsync(TestWorld instance, State state)
    {
        var status = await StatusAsync(instance);
        var credential = status.Credential!;
        int[] expected = credential.Revocation is not null ? [] : status.PreviousKey is { } previous ? [previous.Generation, credential.Generation] : [credential.Generation];
        var authenticated = new List<int>();
        foreach (var (generation, key) in state.Keys.OrderBy(known => known.Key))
        {
            if (await instance.AuthenticateAsync(TestWorld.Oakland, key) is AuthenticationOutcome.Authenticated { Key: var used })
                authenticated.Add(used.Generation);
        }

        Assert.Equal(expected, authenticated);
        Assert.DoesNotContain(authenticated, state.Ended.ContainsKey);
        var events = (await instance.AuditEventsAsync(TestWorld.Oakland)).GroupBy(row => (string)row["Kind"], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        Assert.Equal(state.Keys.Count, events.GetValueOrDefault("credential-generated") + events.GetValueOrDefault("credential-regenerated"));
        Assert.Equal(state.Revocations, events.GetValueOrDefault("credential-revoked"));
        Assert.Equal(state.Ends, events.GetValueOrDefault("previous-key-ended"));
        Assert.Equal(credential.Generation, state.Keys.Keys.Max());
    }

    private static async Task AuthenticateUntilAsync(TestWorld instance, State state, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            foreach (var key in state.Keys.Values)
            {
                var ended = state.Ended.Keys.ToHashSet(); // before the request
                if (await instance.AuthenticateAsync(TestWorld.Oakland, key) is AuthenticationOutcome.Authenticated { Key: var used })
                    Assert.DoesNotContain(used.Generation, ended);
            }
        }
    }

    private static async Task RegenerateAsync(TestWorld instance, State state, int? seen, int days)
    {
        if (await instance.Credentials.GenerateAsync(TestWorld.Oakland, TestWorld.Rosa, ReleaseWording.Current, seen, days, TestContext.Current.CancellationToken)
            is not GenerationOutcome.Generated { Credential: var credential, SecretKey: var key })
            return;
        Assert.True(state.Keys.TryAdd(credential.Generation, key.Reveal()));
        state.EndThrough(credential.PreviousKey is null ? credential.Generation - 1 : credential.Generation - 2);
    }

    private static async Task RevokeAsync(TestWorld instance, State state, int generation, string reason)
    {
        var outcome = await instance.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Luis, reason, generation, TestContext.Current.CancellationToken);
        if (outcome is ChangeOutcome.Conflict)
            return;
        state.EndThrough(generation);
        if (outcome is ChangeOutcome.Changed { Credential.Revocation: var revocation })
        {
            Assert.Equal(reason, revocation!.Reason);
            Interlocked.Increment(ref state.Revocations);
        }
    }

    private static async Task EndAsync(TestWorld instance, State state, int? generation)
    {
        if (await instance.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Luis, generation, TestContext.Current.CancellationToken)
            is not ChangeOutcome.Changed { Before: var before })
            return;
        state.Ended[before.PreviousKey!.Generation] = true;
        Interlocked.Increment(ref state.Ends);
    }

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    /// <summary>What the callers know.</summary>
    private sealed class State
    {
        public int Revocations;
        public int Ends;

        public ConcurrentDictionary<int, string> Keys { get; } = new();

        /// <summary>The generations whose end, revocation or replacement was confirmed.</summary>
        public ConcurrentDictionary<int, bool> Ended { get; } = new();

        public void EndThrough(int generation)
        {
            for (; generation > 0; generation--)
                Ended[generation] = true;
        }
    }
}
