using System.Globalization;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DailyRun;

/// <summary>
/// Seeded random simulation of the weeks around the expiry of several credentials: missed, concurrent and crashed runs, faults in any
/// call to storage, mail service and MyTOMS, and concurrent regenerations, changes of names and vendor requests. Checks the invariants after
/// every run.
/// </summary>
[Kind(TestKind.Storage)]
public sealed class YearTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    /// <summary>
    /// Number of seeds. <c>CREDENTIALING_SEEDS</c> (up to 1,000) overrides it; <c>CREDENTIALING_FIRST_SEED</c> sets the first seed.
    /// </summary>
    private static readonly int Seeds = IntegerSetting("CREDENTIALING_SEEDS", 40);

    private static readonly int FirstSeed = IntegerSetting("CREDENTIALING_FIRST_SEED", 1);

    [Fact]
    public async Task Every_reminder_is_sent_once_and_every_announcement_is_correct_under_random_faults()
    {
        output.WriteLine($"Seeds {FirstSeed} to {FirstSeed + Seeds - 1}.");
        var counts = new Counts();
        await Parallel.ForEachAsync(
            Enumerable.Range(FirstSeed, Seeds),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) =>
            {
                try
                {
                    await using var world = await TestWorld.CreateAsync(azurite);
                    await new Simulation(world, new Random(seed), counts).SimulateAsync();
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Seed {seed}: {failure.Message}"), failure);
                }
            });

        output.WriteLine(counts.ToString());
        // The simulation must have covered each of these events.
        Assert.True(counts is { Emails: > 0, Resends: > 0, Crashes: > 0, FailedRuns: > 0, CleanRuns: > 0, Regenerations: > 0, RestingRegenerations: > 0, RestingRenamings: > 0, ConcurrentRuns: > 0 }, counts.ToString());
    }

    private static int IntegerSetting(string name, int defaultValue) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : defaultValue;

    private sealed record Counts
    {
        private int emails, resends, crashes, failedRuns, cleanRuns, regenerations, restingRegenerations, restingRenamings, concurrentRuns;

        public int Emails => emails;

        public int Resends => resends;

        public int Crashes => crashes;

        public int FailedRuns => failedRuns;

        public int CleanRuns => cleanRuns;

        public int Regenerations => regenerations;

        /// <summary>Regenerations of credentials that the daily run did not read any more.</summary>
        public int RestingRegenerations => restingRegenerations;

        /// <summary>Changes of the name of an LEA that the daily run did not read any more.</summary>
        public int RestingRenamings => restingRenamings;

        public int ConcurrentRuns => concurrentRuns;

        public void AddMail(MailService mail)
        {
            Interlocked.Add(ref emails, mail.Delivered.Count);
            Interlocked.Add(ref resends, mail.Sends.Count - mail.Delivered.Count);
        }

        public void AddRun(bool crashed, bool clean, bool concurrent)
        {
            if (crashed)
                Interlocked.Increment(ref crashes);
            else if (clean)
                Interlocked.Increment(ref cleanRuns);
            else
                Interlocked.Increment(ref failedRuns);
            if (concurrent)
                Interlocked.Increment(ref concurrentRuns);
        }

        public void AddRegeneration(bool isResting)
        {
            Interlocked.Increment(ref regenerations);
            if (isResting)
                Interlocked.Increment(ref restingRegenerations);
        }

        public void AddRenaming(bool isResting)
        {
            if (isResting)
                Interlocked.Increment(ref restingRenamings);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{emails} emails, {resends} resends, {cleanRuns} clean runs, {failedRuns} failed runs, {crashes} crashes, {concurrentRuns} concurrent runs, {regenerations} regenerations ({restingRegenerations} of resting LEAs), {restingRenamings} changed names of resting LEAs.");
    }

    private sealed class Simulation(TestWorld world, Random random, Counts counts)
    {
        private static readonly LeaId[] Leas = [TestWorld.Oakland, TestWorld.Berkeley, TestWorld.Fresno];

        /// <summary>Every generation of every LEA, with its secret key. The last one is current.</summary>
        private readonly Dictionary<LeaId, List<(Credential Credential, string Key)>> generations = [];
        private readonly Dictionary<LeaId, string> names = [];
        private readonly List<string> log = [];

        /// <summary>Operation ids of emails whose outcome may be unknown to the app because of a fault.</summary>
        private readonly HashSet<Guid> uncertain = [];

        public async Task SimulateAsync()
        {
            // Random start within two years, so that expiry also meets both daylight saving changes. All generated within ten days.
            world.Clock.Advance(TimeSpan.FromDays(random.Next(730)));
            foreach (var lea in Leas)
            {
                await SaveAsync(lea, $"LEA of {lea}");
                AdvanceToHour(random.Next(5) switch { 0 => 0, 1 => 24 - (1.0 / 60), _ => random.NextDouble() * 24 }, afterDays: random.Next(4));
                await GenerateAsync(world, lea);
            }

            world.Clock.Advance(TimeSpan.FromDays(365 - 18 - random.Next(12)));
            for (var day = 0; day < 36; day++)
            {
                // The schedule is 14:00 UTC (06:00 PST). A manual run can start at any time.
                AdvanceToHour(random.Next(6) == 0 ? random.NextDouble() * 24 : 6, afterDays: 1);
                if (random.Next(4) == 0)
                    continue; // a missed run
                if (random.Next(6) == 0)
                    await RenameAsync(Leas[random.Next(Leas.Length)], day);
                await RunAsync(random.Next(5) switch { 0 => 2, 1 => 3, _ => 1 });
                if (random.Next(3) == 0)
                {
                    // A retry by the platform, or a duplicate trigger.
                    world.Clock.Advance(TimeSpan.FromMinutes(random.Next(15)));
                    await RunAsync(1);
                }
            }

            counts.AddMail(world.Mail);
        }

        /// <summary>Runs several instances concurrently, with faults, regeneration and a vendor request. Checks the invariants.</summary>
        private async Task RunAsync(int instances)
        {
            var began = world.Clock.GetUtcNow();
            var before = generations.ToDictionary(entry => entry.Key, entry => entry.Value.Count);
            var sendsBefore = world.Mail.Sends.Count;
            var requestsBefore = world.MyToms.Requests.Count;
            var worlds = Enumerable.Range(0, instances).Select(_ => world.AnotherInstance()).ToList();
            var faultRate = random.Next(3) == 0 ? 0 : random.NextDouble() * 0.3;
            foreach (var instance in worlds)
                instance.ExternalCalls.InjectFault = Faults(new Random(random.Next()), faultRate);
            var leaToRegenerate = random.Next(8) == 0 ? Leas[random.Next(Leas.Length)] : (LeaId?)null;
            var vendorLea = Leas[random.Next(Leas.Length)];
            var leaToRename = random.Next(12) == 0 ? Leas[random.Next(Leas.Length)] : (LeaId?)null;

            var clean = 0;
            var running = DailyRunDriver.RunAllAsync(world.Clock, worlds, async instance =>
            {
                try
                {
                    await instance.Run.RunAsync(CancellationToken.None);
                    counts.AddRun(crashed: false, clean: true, instances > 1);
                    Interlocked.Increment(ref clean);
                }
                catch (DailyRunFailedException)
                {
                    counts.AddRun(crashed: false, clean: false, instances > 1);
                }
            });
            if (leaToRegenerate is { } lea)
                await GenerateAsync(world, lea);
            if (leaToRename is { } renamed)
                await RenameAsync(renamed, random.Next());
            await world.AuthenticateAsync(vendorLea, generations[vendorLea][^1].Key);
            await running;
            foreach (var _ in worlds.Where(instance => instance.ExternalCalls.Crashed.IsCompleted))
                counts.AddRun(crashed: true, clean: false, instances > 1);
            log.Add(string.Create(CultureInfo.InvariantCulture, $"{began:u}..{world.Clock.GetUtcNow():u}: {instances} runs, {clean} clean, fault rate {faultRate:F2}, regenerated {leaToRegenerate}, renamed {leaToRename}"));

            CheckNoResends(sendsBefore, faultRate > 0);
            Check(faultRate > 0 || clean == instances, "a run failed without a fault");
            await CheckInvariantsAsync(began, before, sendsBefore, requestsBefore, clean > 0, [leaToRegenerate, leaToRename]);
            foreach (var instance in worlds)
                await instance.DisposeAsync();
        }

        /// <summary>Only a fault may cause a resend. The mail service deduplicates it by its operation id.</summary>
        private void CheckNoResends(int sendsBefore, bool hasFaults)
        {
            var sends = world.Mail.Sends.Select(send => send.Email.OperationId).ToList();
            var now = sends.Skip(sendsBefore).ToList();
            if (hasFaults)
                uncertain.UnionWith(now);
            Check(now.Where(id => !uncertain.Contains(id)).All(id => sends.Count(other => other == id) == 1), "an email was sent twice without a fault");
        }

        private async Task CheckInvariantsAsync(
            DateTimeOffset began, Dictionary<LeaId, int> before, int sendsBefore, int requestsBefore, bool completed, LeaId?[] changed)
        {
            var now = world.Clock.GetUtcNow();
            foreach (var (email, at) in world.Mail.Sends.Skip(sendsBefore))
            {
                var (credential, milestone) = Identify(email.OperationId);
                Check(credential.Generation >= before[credential.LeaId], $"an email for generation {credential.Generation}, which was superseded before the run");
                Check(at < credential.ExpiresAt, "an email after expiry");
                var days = world.Calendar.DaysUntil(credential.ExpiresAt, at);
                var daysAtStart = world.Calendar.DaysUntil(credential.ExpiresAt, began);
                Check(days <= milestone.Days, $"an email {days} days before expiry, for {milestone.Days}");
                Check(Milestone.Reached(days) == milestone || Milestone.Reached(daysAtStart) == milestone, $"an email for {milestone.Days} with {days} days remaining");
                Check(
                    Enumerable.Range(days, daysAtStart - days + 1).Any(shownDays => email.Subject.EndsWith(shownDays switch { 0 => "expire today", 1 => "expire in 1 day", _ => $"expire in {shownDays} days" }, StringComparison.Ordinal)),
                    $"an email that says \"{email.Subject}\" with {days} days remaining");
                Check(email.To.Count == 2, "an email with other recipients than the two coordinators");
            }

            foreach (var (request, body, _) in world.MyToms.Requests.Skip(requestsBefore).Where(item => item.Body is not null))
                Check(body!.ExpiresAt >= generations[LeaId.Parse(body.LeaId)][before[LeaId.Parse(body.LeaId)] - 1].Credential.ExpiresAt.UtcDateTime, $"{request} for a superseded generation");

            if (!completed)
                return;
            foreach (var lea in Leas.Where(lea => !changed.Contains(lea)))
            {
                var credential = generations[lea][^1].Credential;
                var status = CredentialStatus.Of(credential, world.Calendar, began);
                // Every reminder due at the start of the run has been sent, by this run or another.
                if (status.State is CredentialState.Expiring && !credential.HasExpired(now) && Milestone.Reached(status.DaysRemaining!.Value) is { } milestone)
                    Check(world.Mail.Delivered.Any(email => Identify(email.OperationId) == (credential, milestone)), $"no email of {milestone.Days} days for {lea}, with {status.DaysRemaining} remaining");

                var shown = world.MyToms.Shown.GetValueOrDefault(lea.Value);
                var possible = new[] { began, now }.Select(at => Announcement.Of(lea, names[lea], CredentialStatus.Of(credential, world.Calendar, at), world.Calendar, new CredentialingScreen(new Uri("https://toms.example/credentialing"))));
                Check(possible.Any(expected => expected?.Text == shown?.Text), $"MyTOMS shows \"{shown?.Text}\" for {lea}");
            }

            // The expiration index contains the current credentials of each LEA: by date, or in the partition of those with nothing to do.
            var entries = (await world.RowsAsync("Expirations")).Select(row => (row.PartitionKey, row.RowKey)).ToHashSet();
            foreach (var lea in Leas)
            {
                var expiresAt = generations[lea][^1].Credential.ExpiresAt;
                Check(
                    entries.Contains((expiresAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), lea.Value)) || (expiresAt <= now && entries.Contains(("expired", lea.Value))),
                    $"no entry to {lea}");
            }
        }

        private (Credential Credential, Milestone Milestone) Identify(Guid operationId) =>
            (from credential in generations.Values.SelectMany(list => list).Select(item => item.Credential)
             from milestone in Milestone.All
             where new Reminder(credential, "", milestone, 0, [], []).OperationId == operationId
             select (credential, milestone)).Single();

        private async Task GenerateAsync(TestWorld instance, LeaId lea)
        {
            var previous = generations.TryGetValue(lea, out var known) ? known : generations[lea] = [];
            var isResting = await IsRestingAsync(lea);
            var outcome = await instance.GenerateAsync(lea, previous.Count == 0 ? null : previous[^1].Credential.Generation);
            var generated = Assert.IsType<GenerationOutcome.Generated>(outcome);
            lock (generations)
                previous.Add((generated.Credential, generated.SecretKey.Reveal()));
            if (generated.Superseded is { } superseded)
            {
                counts.AddRegeneration(isResting);
                // The function withdraws the announcement. Skipped at random: the process crashed before, or MyTOMS is unavailable.
                if (random.Next(2) == 0)
                    await instance.Announcements.TryWithdrawAsync(superseded);
            }
        }

        /// <summary>Changes the LEA's name, which its announcement contains.</summary>
        private async Task RenameAsync(LeaId lea, int number)
        {
            counts.AddRenaming(await IsRestingAsync(lea));
            await SaveAsync(lea, string.Create(CultureInfo.InvariantCulture, $"LEA {number} of {lea}"));
        }

        private async Task SaveAsync(LeaId lea, string name)
        {
            await world.SaveAsync(new Lea(lea, name, [TestWorld.Rosa, TestWorld.Luis]));
            names[lea] = name;
        }

        /// <summary>Whether the daily run does not read the LEA.</summary>
        private async Task<bool> IsRestingAsync(LeaId lea)
        {
            var through = world.Clock.GetUtcNow().AddDays(15).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            var entries = (await world.RowsAsync("Expirations")).Where(row => row.RowKey == lea.Value).Select(row => row.PartitionKey).ToList();
            return entries.Contains("expired") && !entries.Exists(date => string.CompareOrdinal(date, through) <= 0);
        }

        /// <summary>Injects faults with the given probability. One fault in eight is a crash.</summary>
        private static Func<ExternalService, Fault> Faults(Random faultRandom, double faultRate) => _ =>
        {
            lock (faultRandom)
            {
                return faultRandom.NextDouble() >= faultRate ? Fault.None : faultRandom.Next(16) switch
                {
                    0 => Fault.Crash,
                    1 => Fault.CrashAfter,
                    2 or 3 => Fault.ConnectionFailed,
                    4 or 5 => Fault.ResponseLost,
                    6 or 7 => Fault.Timeout,
                    8 or 9 => Fault.TimeoutAfter,
                    10 or 11 => Fault.Throttled,
                    _ => Fault.Unavailable,
                };
            }
        };

        /// <summary>Advances the clock to an hour (local time) of a later day. Never moves it backwards.</summary>
        private void AdvanceToHour(double hour, int afterDays)
        {
            var date = world.Calendar.LocalDate(world.Clock.GetUtcNow()).AddDays(afterDays);
            var at = Pacific.At(date.ToDateTime(TimeOnly.MinValue).AddHours(hour));
            if (at > world.Clock.GetUtcNow())
                world.Clock.SetUtcNow(at);
        }

        private void Check(bool condition, string message)
        {
            if (!condition)
                Assert.Fail($"{message}\n{string.Join('\n', log.TakeLast(12))}");
        }
    }
}
