using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>Procedures of the operations guide that need more than a telemetry query.</summary>
[Kind(TestKind.Process)]
public sealed class OperationsGuideTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task The_preview_for_16_days_from_now_lists_the_LEAs_that_expire_within_30_days()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var expected = new List<string>();
        for (var daysLeft = -3; daysLeft <= 40; daysLeft++)
        {
            // One LEA per day, so that each has a different number of days until expiry.
            var lea = LeaId.Parse(string.Create(CultureInfo.InvariantCulture, $"{daysLeft + 10:D2}000000000000"));
            world.Clock.SetUtcNow(new DateTimeOffset(2028, 3, 4, 20, 0, 0, TimeSpan.Zero).AddDays(daysLeft - 365));
            await world.MustGenerateAsync(lea);
            if (daysLeft is >= 0 and <= 30)
                expected.Add(lea.Value);
        }

        world.Clock.SetUtcNow(new DateTimeOffset(2028, 3, 4, 19, 0, 0, TimeSpan.Zero));
        await Record.ExceptionAsync(() => world.Run.RunAsync(TestContext.Current.CancellationToken)); // the preview also lists LEAs whose announcement is already posted

        var preview = await host.SendAsync(HttpMethod.Get, "reminders/preview?on=2028-03-20", "toms");

        var now = world.Clock.GetUtcNow().UtcDateTime;
        var listed = preview.Json.GetProperty("leas").EnumerateArray().Where(lea => lea.GetProperty("expiresAt").GetDateTime() > now).Select(lea => lea.GetProperty("leaId").GetString()!);
        Assert.Equal(expected.Order(), listed.Order());
    }

    [Fact]
    public async Task A_trial_LEA_whose_expiry_was_moved_to_5_days_from_now_gets_an_email_and_an_announcement()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await world.Storage.Leas.UpdateEntityAsync(
            new TableEntity(TestWorld.Oakland.Value, "credential") { ["ExpiresAt"] = world.Clock.GetUtcNow().AddDays(5) },
            ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        await host.SendAsync(HttpMethod.Post, "expirations/restore", "toms");

        await world.Run.RunAsync(TestContext.Current.CancellationToken);

        Assert.Contains("5 days", Assert.Single(world.Mail.Delivered).Subject, StringComparison.Ordinal);
        Assert.Single(world.MyToms.Shown);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        await world.Run.RunAsync(TestContext.Current.CancellationToken);
        Assert.Empty(world.MyToms.Shown);
    }
}
