using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;
using static Credentialing.Tests.Notices.NoticeDriver;

namespace Credentialing.Tests.Notices;

/// <summary>Each fault at each call of a change, of sending its notice, and of the daily run that completes it.</summary>
[Kind(TestKind.Storage)]
public sealed class NoticeFaultTests(AzuriteFixture azurite)
{
    private static readonly Coordinator Mei = new("mei", "Mei Nakamura", "mei@lea.example");

    public static TheoryData<Fault, string> Changes =>
    [
        .. from fault in Enum.GetValues<Fault>().Except([Fault.None])
           from change in (string[])["regenerate", "revoke", "save"]
           where change is "regenerate" || fault is Fault.Crash or Fault.CrashAfter or Fault.ResponseLost or Fault.Conflict
           select (fault, change),
    ];

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Except([Fault.None])];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Each_colleague_gets_one_email_for_a_change_that_was_made_after_a_fault_in_any_call(Fault fault, string change)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var other = world.AnotherInstance();
        for (var call = 1; ; call++)
        {
            var lea = LeaId.Parse($"1062166{call:D7}");
            await PrepareAsync(world, lea);
            var sentBefore = world.Mail.Notices.Count;
            await using var broken = world.AnotherInstance();
            var calls = 0;
            broken.ExternalCalls.InjectFault = _ => Interlocked.Increment(ref calls) == call ? fault : Fault.None;

            await RunAllAsync(world.Clock, [broken], async instance =>
            {
                if (await Record.ExceptionAsync(() => ChangeAsync(instance, lea, change)) is null)
                    await instance.Notices.TrySendAsync(lea);
            });
            await RunAllAsync(world.Clock, [other], instance => instance.Notices.TrySendAsync(lea));
            await RunThreeDaysAsync(world);

            string[] expected = !await IsMadeAsync(world, lea, change) ? [] :
                change is "save" ? ["ana@lea.example", "luis@lea.example", "mei@lea.example", "rosa@lea.example"] : ["ana@lea.example", "luis@lea.example"];
            Assert.Equal(expected, Delivered(world, sentBefore));
            Assert.All(world.Mail.Notices.GroupBy(send => send.Email.OperationId), sends => Assert.InRange(sends.Count(), 1, 2));
            Assert.Empty(await PendingAsync(world, lea));
            Assert.Empty(await DueEntriesAsync(world, lea));
            if (calls < call)
                break; // the change and the notice make fewer calls
        }
    }

    /// <summary>The message to former coordinators has another operation id than the one to the current coordinators.</summary>
    [Fact]
    public async Task A_coordinator_who_is_back_before_a_retry_gets_the_notice_of_the_removal_once()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var ana = new Coordinator("ana", "Ana Núñez", "ana@lea.example", Language.Spanish);
        var both = new Lea(TestWorld.Oakland, "Oakland Unified", [ana, TestWorld.Rosa]);
        await SaveAsync(world, both);
        await using var broken = world.AnotherInstance();
        await SaveAsync(broken, both with { Coordinators = [TestWorld.Rosa] });
        var isSent = false;
        broken.ExternalCalls.InjectFault = called =>
        {
            isSent |= called is ExternalService.Mail;
            return isSent && called is ExternalService.Storage ? Fault.Unavailable : Fault.None;
        };
        await broken.Notices.TrySendAsync(TestWorld.Oakland);

        await SaveAsync(world, both);
        world.Clock.Advance(EmailClaim.Duration);
        await world.Notices.TrySendAsync(TestWorld.Oakland);

        // The removal and the return.
        Assert.Equal(2, world.Mail.Notices.Select(send => send.Email).DistinctBy(email => email.OperationId).Count(email => email.Addresses.Contains("ana@lea.example")));

        static Task SaveAsync(TestWorld instance, Lea lea) => instance.Register.SaveAsync(lea, "toms", TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_daily_runs_send_a_pending_notice_once_after_a_fault_in_any_call(Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var call = 1; ; call++)
        {
            var lea = LeaId.Parse($"1062166{call:D7}");
            await PrepareAsync(world, lea);
            await RegenerateAsync(world, lea);
            var sentBefore = world.Mail.Notices.Count;
            world.Clock.Advance(TimeSpan.FromDays(2)); // from then on, the run deletes the index entry
            await using var broken = world.AnotherInstance();
            var calls = 0;
            broken.ExternalCalls.InjectFault = _ => Interlocked.Increment(ref calls) == call ? fault : Fault.None;

            await RunAllAsync(world.Clock, [broken], async instance => await Record.ExceptionAsync(() => RunAsync(instance)));
            await RunThreeDaysAsync(world);

            Assert.Equal(["ana@lea.example", "luis@lea.example"], Delivered(world, sentBefore));
            Assert.All(world.Mail.Notices.GroupBy(send => send.Email.OperationId), sends => Assert.InRange(sends.Count(), 1, 2));
            Assert.Empty(await PendingAsync(world, lea));
            Assert.Empty(await DueEntriesAsync(world, lea));
            if (calls < call)
                break; // the run makes fewer calls
        }
    }

    private static async Task ChangeAsync(TestWorld world, LeaId lea, string change)
    {
        switch (change)
        {
            case "regenerate":
                await RegenerateAsync(world, lea);
                break;
            case "revoke":
                await world.Credentials.RevokeAsync(lea, TestWorld.Rosa, "A laptop was lost.", seenGeneration: 1, TestContext.Current.CancellationToken);
                break;
            default:
                await world.Register.SaveAsync(Changed(lea), "toms", TestContext.Current.CancellationToken);
                break;
        }
    }

    private static async Task<bool> IsMadeAsync(TestWorld world, LeaId lea, string change)
    {
        if (change is "save")
            return (await world.Register.FindAsync(lea, TestContext.Current.CancellationToken))!.Coordinators.Contains(Mei);
        var credential = (await world.Credentials.StatusAsync(lea, TestContext.Current.CancellationToken)).Credential!;
        return change is "revoke" ? credential.Revocation is not null : credential.Generation == 2;
    }

    /// <summary>Luis is replaced by Mei.</summary>
    private static Lea Changed(LeaId lea) => LeaWithThree(lea) with { Coordinators = [Ana, Mei, TestWorld.Rosa] };
}
