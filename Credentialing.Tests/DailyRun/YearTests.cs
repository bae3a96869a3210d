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
/// call to storage, mail service and MyTOMS, and concurrent regenerations and vendor requests. Checks the invariants after every run.
/// </summary>
public sealed class YearTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    /// <summary>
    /// Number of seeds. <c>CREDENTIALING_SEEDS</c> (up to 1,000) overrides it; <c>CREDENTIALING_FIRST_SEED</c> sets the first seed.
    /// </summary>
    private static readonly int Seeds = Setting("CREDENTIALING_SEEDS", 300);

    private static readonly int FirstSeed = Setting("CREDENTIALING_FIRST_SEED", 1);

    [Fact]
    public async Task Whatever_goes_wrong_every_reminder_is_sent_once_and_every_announcement_is_right()
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
                    await new Schedule(world, new Random(seed), counts).WalkAsync();
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Seed {seed}: {failure.Message}"), failure);
                }
            });

        output.WriteLine(counts.ToString());
        // The simulation must have covered each of these events.
        Assert.True(counts is { Emails: > 0, OfferedAgain: > 0, Deaths: > 0, FailedRuns: > 0, CleanRuns: > 0, Regenerations: > 0, AtOnce: > 0 }, counts.ToString());
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    private sealed record Counts
    {
        private int emails, offeredAgain, deaths, failedRuns, cleanRuns, regenerations, atOnce;

        public int Emails => emails;

        public int OfferedAgain => offeredAgain;

        public int Deaths => deaths;

        public int FailedRuns => failedRuns;

        public int CleanRuns => cleanRuns;

        public int Regenerations => regenerations;

        public int AtOnce => atOnce;

        public void AddMail(MailService mail)
        {
            Interlocked.Add(ref emails, mail.Delivered.Count);
            Interlocked.Add(ref offeredAgain, mail.Offers.Count - mail.Delivered.Count);
        }

        public void AddRun(bool died, bool clean, bool withOthers)
        {
            if (died)
                Interlocked.Increment(ref deaths);
            else if (clean)
                Interlocked.Increment(ref cleanRuns);
            else
                Interlocked.Increment(ref failedRuns);
            if (withOthers)
                Interlocked.Increment(ref atOnce);
        }

        public void AddRegeneration() => Interlocked.Increment(ref regenerations);

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{emails} emails, {offeredAgain} offered again, {cleanRuns} clean runs, {failedRuns} failed, {deaths} dead, {atOnce} at once with others, {regenerations} regenerations.");
    }

    private sealed class Schedule(TestWorld world, Random random, Counts counts)
    {
        private static readonly LeaId[] Leas = [TestWorld.Oakland, TestWorld.Berkeley, TestWorld.Fresno];

        /// <summary>Every generation of every LEA, with its secret key. The last one is current.</summary>
        private readonly Dictionary<LeaId, List<(Credential Credential, string Key)>> generations = [];
        private readonly List<string> log = [];

        /// <summary>Operation ids of emails whose outcome may be unknown to the app because of a fault.</summary>
        private readonly HashSet<Guid> uncertain = [];

        public async Task WalkAsync()
        {
            // Random start within two years, so that expiry also meets both daylight saving changes. All generated within ten days.
            world.Clock.Advance(TimeSpan.FromDays(random.Next(730)));
            foreach (var lea in Leas)
            {
                var name = $"LEA of {lea}";
                await world.Register.SaveAsync(new Lea(lea, name, [TestWorld.Rosa, TestWorld.Luis]), "test", CancellationToken.None);
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
            var offersBefore = world.Mail.Offers.Count;
            var requestsBefore = world.MyToms.Requests.Count;
            var worlds = Enumerable.Range(0, instances).Select(_ => world.AnotherInstance()).ToList();
            var trouble = random.Next(3) == 0 ? 0 : random.NextDouble() * 0.3;
            foreach (var instance in worlds)
                instance.Outside.Break = Faults(new Random(random.Next()), trouble);
            var regenerating = random.Next(8) == 0 ? Leas[random.Next(Leas.Length)] : (LeaId?)null;
            var atWork = Leas[random.Next(Leas.Length)];

            var clean = 0;
            var running = Driver.DriveAsync(world.Clock, worlds, async instance =>
            {
                try
                {
                    await instance.Run.RunAsync(CancellationToken.None);
                    counts.AddRun(died: false, clean: true, instances > 1);
                    Interlocked.Increment(ref clean);
                }
                catch (DailyRunFailedException)
                {
                    counts.AddRun(died: false, clean: false, instances > 1);
                }
            });
            if (regenerating is { } lea)
                await GenerateAsync(world, lea);
            await world.AuthenticateAsync(atWork, generations[atWork][^1].Key);
            await running;
            foreach (var _ in worlds.Where(instance => instance.Outside.Died.IsCompleted))
                counts.AddRun(died: true, clean: false, instances > 1);
            log.Add(string.Create(CultureInfo.InvariantCulture, $"{began:u}..{world.Clock.GetUtcNow():u}: {instances} runs, {clean} clean, trouble {trouble:F2}, regenerated {regenerating}"));

            CheckOfferedOnce(offersBefore, trouble > 0);
            Must(trouble > 0 || clean == instances, "a run was reported as failed, though nothing went wrong");
            await CheckAsync(began, before, offersBefore, requestsBefore, clean > 0, regenerating);
            foreach (var instance in worlds)
                await instance.DisposeAsync();
        }

        /// <summary>Only a fault may cause an email to be sent again. The mail service deduplicates it by its operation id.</summary>
        private void CheckOfferedOnce(int offersBefore, bool trouble)
        {
            var offers = world.Mail.Offers.Select(offer => offer.Email.OperationId).ToList();
            var now = offers.Skip(offersBefore).ToList();
            if (trouble)
                uncertain.UnionWith(now);
            Must(now.Where(id => !uncertain.Contains(id)).All(id => offers.Count(other => other == id) == 1), "an email was offered twice, though nothing went wrong");
        }

        private async Task CheckAsync(
            DateTimeOffset began, Dictionary<LeaId, int> before, int offersBefore, int requestsBefore, bool completed, LeaId? regenerated)
        {
            var now = world.Clock.GetUtcNow();
            foreach (var (email, at) in world.Mail.Offers.Skip(offersBefore))
            {
                var (credential, milestone) = Identify(email.OperationId);
                Must(credential.Generation >= before[credential.LeaId], $"an email for generation {credential.Generation}, which was superseded before the run");
                Must(at < credential.ExpiresAt, "an email after expiry");
                var days = world.Calendar.DaysUntil(credential.ExpiresAt, at);
                var daysWhenItBegan = world.Calendar.DaysUntil(credential.ExpiresAt, began);
                Must(days <= milestone.Days, $"an email {days} days before expiry, for {milestone.Days}");
                Must(Milestone.Reached(days) == milestone || Milestone.Reached(daysWhenItBegan) == milestone, $"an email for {milestone.Days} with {days} days remaining");
                Must(
                    Enumerable.Range(days, daysWhenItBegan - days + 1).Any(said => email.Subject.EndsWith(said switch { 0 => "expire today", 1 => "expire in 1 day", _ => $"expire in {said} days" }, StringComparison.Ordinal)),
                    $"an email that says \"{email.Subject}\" with {days} days remaining");
                Must(email.To.Count == 2, "an email to somebody else than the two coordinators");
            }

            foreach (var (request, body, _) in world.MyToms.Requests.Skip(requestsBefore).Where(item => item.Body is not null))
                Must(body!.ExpiresAt >= generations[LeaId.Parse(body.LeaId)][before[LeaId.Parse(body.LeaId)] - 1].Credential.ExpiresAt.UtcDateTime, $"{request} for a superseded generation");

            if (!completed)
                return;
            foreach (var lea in Leas.Where(lea => lea != regenerated))
            {
                var credential = generations[lea][^1].Credential;
                var status = CredentialStatus.Of(credential, world.Calendar, began);
                // Every reminder due at the start of the run has been sent, by this run or another.
                if (status.State is CredentialState.Expiring && !credential.HasExpired(now) && Milestone.Reached(status.DaysRemaining!.Value) is { } milestone)
                    Must(world.Mail.Delivered.Any(email => Identify(email.OperationId) == (credential, milestone)), $"no email of {milestone.Days} days for {lea}, with {status.DaysRemaining} remaining");

                var shown = world.MyToms.Shown.GetValueOrDefault(lea.Value);
                var possible = new[] { began, now }.Select(at => Announcement.Of(lea, $"LEA of {lea}", CredentialStatus.Of(credential, world.Calendar, at), world.Calendar, new CredentialingScreen(new Uri("https://toms.example/credentialing"))));
                Must(possible.Any(expected => expected?.Text == shown?.Text), $"MyTOMS shows \"{shown?.Text}\" for {lea}");
            }

            // The expiration index contains the current credentials of each LEA.
            var pointers = (await world.RowsAsync("Expirations")).Select(row => (row.PartitionKey, row.RowKey)).ToHashSet();
            foreach (var lea in Leas)
                Must(pointers.Contains((generations[lea][^1].Credential.ExpiresAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), lea.Value)), $"no pointer to {lea}");
        }

        private (Credential Credential, Milestone Milestone) Identify(Guid operationId) =>
            (from credential in generations.Values.SelectMany(list => list).Select(item => item.Credential)
             from milestone in Milestone.All
             where new Reminder(credential, "", milestone, 0, []).OperationId == operationId
             select (credential, milestone)).Single();

        private async Task GenerateAsync(TestWorld instance, LeaId lea)
        {
            var held = generations.TryGetValue(lea, out var list) ? list : generations[lea] = [];
            var outcome = await instance.GenerateAsync(lea, held.Count == 0 ? null : held[^1].Credential.Generation);
            var generated = Assert.IsType<GenerationOutcome.Generated>(outcome);
            lock (generations)
                held.Add((generated.Credential, generated.SecretKey.Reveal()));
            if (generated.Superseded is { } superseded)
            {
                counts.AddRegeneration();
                // The function withdraws the announcement. Skipped at random: the process crashed before, or MyTOMS is unavailable.
                if (random.Next(2) == 0)
                    await instance.Announcements.TryWithdrawAsync(superseded);
            }
        }

        /// <summary>Injects faults with the given probability. One fault in eight is a crash.</summary>
        private static Func<Called, Fault> Faults(Random dice, double trouble) => _ =>
        {
            lock (dice)
            {
                return dice.NextDouble() >= trouble ? Fault.None : dice.Next(16) switch
                {
                    0 => Fault.Death,
                    1 => Fault.DeathAfter,
                    2 or 3 => Fault.Before,
                    4 or 5 => Fault.After,
                    6 or 7 => Fault.Timeout,
                    8 or 9 => Fault.TimeoutAfter,
                    10 or 11 => Fault.TooMany,
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

        private void Must(bool holds, string otherwise)
        {
            if (!holds)
                Assert.Fail($"{otherwise}\n{string.Join('\n', log.TakeLast(12))}");
        }
    }
}
