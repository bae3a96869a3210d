using System.Net;
using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Tests.DailyRun;
using Credentialing.Tests.Disclosures;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>States of the screens. Together they show every part of every page and every kind of message.</summary>
public enum ScreenState
{
    SigningIn,
    Loading,
    NoCredentials,
    Authorized,
    Confirming,
    Generating,
    KeyHidden,
    KeyShown,
    KeyCopied,
    CopyingDenied,
    Active,
    Expiring,
    AlmostExpired,
    LastDay,
    Expired,
    ConfirmingRegeneration,
    ConfirmingAfterExpiry,
    ConfirmingOverlap,
    Overlap,
    RevokingWithoutReason,
    Revoked,
    SeveralLeas,
    ChangedByColleague,
    SessionEnded,
    SessionEndedBeforeGenerating,
    NotPermitted,
    Unavailable,
    UnknownLea,
    NotHosted,
    Offline,
    OutcomeUnknown,
    KeyLost,
    HomeWithoutAnnouncements,
    HomeExpiring,
    HomeExpired,
    HomeOfSeveralLeas,
    HomeWithPartialFailure,
    HomeUnavailable,
    HandingOver,
    Sharing,
    SharingWithErrors,
    Shared,
    SharedLinks,
    ShareReady,
    ShareIncomplete,
    ShareLocked,
    ShareOpened,
    ShareGone,
    History,
    HistoryWithErrors,
    HistoryUnavailable,
}

internal static class ScreenStates
{
    private static readonly LeaId Institute = LeaId.Parse("01612590130617");

    private const string Passphrase = "a passphrase";

    private static bool IsOfVendor(ScreenState state) =>
        state is ScreenState.ShareReady or ScreenState.ShareIncomplete or ScreenState.ShareLocked or ScreenState.ShareOpened or ScreenState.ShareGone;

    /// <summary>Opens a page with an empty <see cref="TestWorld"/> and puts it into this state.</summary>
    internal static async Task<Visit> OpenAsync(this ScreenState state, BrowserFixture browser, TestHost host, BrowserNewContextOptions? options = null)
    {
        await PrepareDataAsync(state, host);
        var visit = await Visit.OpenAsync(browser, host, PersonaOf(state), PathOf(state), options, showsTimeOfHost: state is ScreenState.ConfirmingOverlap or ScreenState.Overlap);
        try
        {
            await EnterStateAsync(visit, state, host);
            return visit;
        }
        catch
        {
            await visit.DisposeAsync();
            throw;
        }
    }

    private static string? PersonaOf(ScreenState state) => state switch
    {
        ScreenState.SigningIn => null,
        _ when IsOfVendor(state) => null,
        ScreenState.SeveralLeas or ScreenState.HomeOfSeveralLeas or ScreenState.HomeWithPartialFailure => "luis",
        _ => "rosa",
    };

    private static string PathOf(ScreenState state) => state switch
    {
        ScreenState.HomeWithoutAnnouncements or ScreenState.HomeExpiring or ScreenState.HomeExpired or ScreenState.HomeOfSeveralLeas or ScreenState.HomeWithPartialFailure or ScreenState.HomeUnavailable => Visit.Home,
        ScreenState.History or ScreenState.HistoryWithErrors or ScreenState.HistoryUnavailable => "history/",
        ScreenState.UnknownLea => $"{Visit.Screen}?lea=1",
        ScreenState.NotPermitted => $"{Visit.Screen}?lea={TestWorld.Fresno}",
        _ when IsOfVendor(state) => "share/",
        _ => Visit.Screen,
    };

    private static async Task PrepareDataAsync(ScreenState state, TestHost host)
    {
        var days = state switch
        {
            ScreenState.Active or ScreenState.ConfirmingOverlap or ScreenState.RevokingWithoutReason or ScreenState.Revoked => 100,
            ScreenState.ConfirmingRegeneration or ScreenState.Expiring or ScreenState.HomeExpiring => 356,
            ScreenState.AlmostExpired => 363,
            ScreenState.LastDay => 364.9,
            ScreenState.ConfirmingAfterExpiry or ScreenState.Expired or ScreenState.HomeExpired => 366,
            _ => (double?)null,
        };
        if (state is ScreenState.HomeOfSeveralLeas)
        {
            await host.MustGenerateAsync("luis", Institute);
            host.World.Clock.Advance(TimeSpan.FromDays(10));
            days = 356;
        }

        if (state is ScreenState.History)
        {
            await PrepareHistoryAsync(host);
            return;
        }

        if (state is ScreenState.Overlap)
        {
            var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential", "X-Vendor", "SEIS");
            var regenerated = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
            await host.AsVendorAsync(TestWorld.Oakland, regenerated, "v1/credential", "X-Vendor", "Aeries");
            host.World.Clock.Advance(TimeSpan.FromDays(3));
        }

        if (state is ScreenState.HandingOver or ScreenState.Sharing or ScreenState.SharingWithErrors)
        {
            var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            foreach (var client in (string[])["SEIS", "Aeries"])
                await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential", "X-Vendor", client);
            host.World.Clock.Advance(TimeSpan.FromDays(1));
        }

        if (state is ScreenState.SharedLinks)
        {
            var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            var opened = await SharedLink.CreateAsync(host, key, vendor: "Infinite Campus");
            await host.SendAsync(HttpMethod.Post, $"shares/{opened.Id}/opening");
            host.World.Clock.Advance(TimeSpan.FromHours(1));
            await SharedLink.CreateAsync(host, key, vendor: "Aeries Student Information System of the county office of education");
        }

        if (state is ScreenState.Revoked)
        {
            await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            await host.MustRevokeAsync("luis", TestWorld.Oakland, seenGeneration: 1, "The laptop with the key was stolen.");
            return;
        }

        if (days is null)
            return;
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        host.World.Clock.Advance(TimeSpan.FromDays(days.Value));
    }

    /// <summary>A year with two vendors: downloads, a regeneration with an overlap, a link, a new coordinator and reminders.</summary>
    private static async Task PrepareHistoryAsync(TestHost host)
    {
        var world = host.World;
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]), "toms", TestContext.Current.CancellationToken);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await SharedLink.CreateAsync(host, key, vendor: "Aeries Software");
        world.Clock.Advance(TimeSpan.FromDays(337));
        await RecordAsync(("9016125901", "Aeries"), ("9016125902", "Aeries"), ("9016125903", "SEIS"));
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Luis, TestWorld.Rosa]), "toms", TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(14));
        await DailyRunDriver.RunWithClockAsync(world);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
        await RecordAsync(("9016125901", "Aeries"), ("9016125903", "SEIS"));

        async Task RecordAsync(params (string Ssid, string Client)[] downloads)
        {
            foreach (var (ssid, client) in downloads)
            {
                world.Clock.Advance(TimeSpan.FromMinutes(7));
                await Downloads.RecordAsync(world, TestWorld.Oakland, ssid, client);
            }
        }
    }

    private static Task HoldRequestsAsync(Visit visit) => visit.Page.RouteAsync("**/api/**", _ => { });

    private static async Task EnterStateAsync(Visit visit, ScreenState state, TestHost host)
    {
        switch (state)
        {
            case ScreenState.SigningIn:
                await Expect(visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "DevHost: who are you?" })).ToBeVisibleAsync();
                return;
            case ScreenState.Loading:
                await HoldRequestsAsync(visit);
                await visit.Page.ReloadAsync();
                await Expect(visit.Page.Locator("#loading")).ToBeVisibleAsync();
                return;
            case ScreenState.NotHosted:
                await visit.Page.RouteAsync("**/host.js", route => route.FulfillAsync(new() { Status = 404 }));
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                visit.ClearErrors();
                return;
            case ScreenState.HomeWithPartialFailure:
                await visit.Page.RouteAsync($"**/{Institute}/**", route => route.AbortAsync());
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.HomeUnavailable:
                host.World.Traffic.InjectFault = _ => Fault.ConnectionFailed;
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.NotPermitted or ScreenState.UnknownLea:
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.HomeWithoutAnnouncements:
                await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
                return;
            case ScreenState.HomeExpiring or ScreenState.HomeExpired:
                await Expect(visit.Page.Locator("#announcements li")).ToHaveCountAsync(1);
                return;
            case ScreenState.HomeOfSeveralLeas:
                await Expect(visit.Page.Locator("#announcements li")).ToHaveCountAsync(2);
                return;
            case ScreenState.History:
                await Expect(visit.Page.Locator("#counts")).ToBeVisibleAsync();
                await visit.Page.Locator("#client").FillAsync("Aeries");
                await visit.Page.Keyboard.PressAsync("Enter");
                await Expect(visit.Page.Locator("#found-list li")).ToHaveCountAsync(3);
                await Expect(visit.Page.Locator("#events-list li").First).ToBeVisibleAsync();
                return;
            case ScreenState.HistoryWithErrors:
                await visit.Page.Locator("#ssid").FillAsync("901612590");
                await visit.Page.Locator("#from").FillAsync("2026-11-02");
                await visit.Page.Locator("#to").FillAsync("2026-11-01");
                await visit.Page.Keyboard.PressAsync("Enter");
                await Expect(visit.Page.Locator("#ssid-error")).Not.ToBeEmptyAsync();
                await Expect(visit.Page.Locator("#to-error")).Not.ToBeEmptyAsync();
                return;
            case ScreenState.HistoryUnavailable:
                host.World.Traffic.InjectFault = _ => Fault.ConnectionFailed;
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.ShareIncomplete:
                await visit.Page.GetByRole(AriaRole.Textbox).FillAsync("https://toms.example/share/");
                await visit.Page.Keyboard.PressAsync("Enter");
                await Expect(visit.Page.Locator("#pasted-error")).Not.ToBeEmptyAsync();
                return;
            case ScreenState.ShareReady or ScreenState.ShareLocked or ScreenState.ShareOpened or ScreenState.ShareGone:
                await EnterShareStateAsync(visit, state, host);
                return;
        }

        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        switch (state)
        {
            case ScreenState.ConfirmingOverlap:
                await visit.ClickCheckboxAsync();
                await visit.Page.Locator("#generate").ClickAsync();
                await visit.ChooseOverlapAsync(3);
                break;
            case ScreenState.Overlap:
                await Expect(visit.Previous).ToBeVisibleAsync();
                break;
            case ScreenState.HandingOver:
                await visit.GenerateAsync();
                await visit.Page.Locator("label[for=client-0]").ClickAsync();
                break;
            case ScreenState.Sharing:
                await visit.GenerateAsync();
                await visit.Page.Locator("#clients button").First.ClickAsync();
                await Expect(visit.Page.Locator("#vendor")).ToHaveValueAsync("Aeries");
                break;
            case ScreenState.SharingWithErrors:
                await visit.GenerateAsync();
                await visit.Page.Locator("#share").ClickAsync();
                await visit.Page.Locator("#passphrase").FillAsync("short");
                await visit.Page.Locator("#confirm-share").ClickAsync();
                await Expect(visit.Page.Locator("#vendor-error")).Not.ToBeEmptyAsync();
                break;
            case ScreenState.Shared:
                await visit.GenerateAsync();
                await visit.ShareAsync("Aeries", Passphrase);
                break;
            case ScreenState.SharedLinks:
                await Expect(visit.SharedLinks).ToHaveCountAsync(2);
                break;
            case ScreenState.RevokingWithoutReason:
                await visit.Page.Locator("#revoke").ClickAsync();
                await visit.Page.Locator("#confirm-revocation").ClickAsync();
                await Expect(visit.Page.Locator("#reason-error")).Not.ToBeEmptyAsync();
                break;
            case ScreenState.Authorized:
                await visit.ClickCheckboxAsync();
                break;
            case ScreenState.Confirming or ScreenState.ConfirmingRegeneration or ScreenState.ConfirmingAfterExpiry:
                await visit.ClickCheckboxAsync();
                await visit.Page.Locator("#generate").ClickAsync();
                await Expect(visit.Page.Locator("#confirmation")).ToBeVisibleAsync();
                break;
            case ScreenState.Generating:
                await HoldRequestsAsync(visit);
                await visit.RequestGenerationAsync();
                await Expect(visit.Button("Generating credentials…").Or(visit.Button("Generando credenciales…"))).ToBeVisibleAsync();
                break;
            case ScreenState.KeyHidden:
                await visit.GenerateAsync();
                break;
            case ScreenState.KeyShown:
                await visit.GenerateAndShowAsync();
                break;
            case ScreenState.KeyCopied:
                await visit.Context.GrantPermissionsAsync(["clipboard-write"]);
                await visit.GenerateAsync();
                await visit.Page.Locator("#copy-key").ClickAsync();
                await Expect(visit.Copied).ToBeVisibleAsync();
                break;
            case ScreenState.CopyingDenied:
                await visit.GenerateAsync();
                await visit.DenyClipboardAsync();
                await visit.Page.Locator("#copy-key").ClickAsync();
                await Expect(visit.Copied).ToBeVisibleAsync();
                break;
            case ScreenState.Offline:
                await visit.Context.SetOfflineAsync(true);
                await visit.RequestGenerationAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.OutcomeUnknown:
                await visit.Page.RouteAsync("**/api/**", route => route.AbortAsync());
                await visit.RequestGenerationAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.KeyLost:
                await visit.Page.RouteAsync("**/api/**", route => route.Request.Method == "POST" ? route.AbortAsync() : route.ContinueAsync());
                Assert.Equal(HttpStatusCode.Created, (await host.GenerateAsync("rosa", TestWorld.Oakland)).Status);
                await visit.RequestGenerationAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.ChangedByColleague:
                Assert.Equal(HttpStatusCode.Created, (await host.GenerateAsync("luis", TestWorld.Oakland)).Status);
                await visit.RequestGenerationAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.SessionEnded:
                host.World.Clock.Advance(TimeSpan.FromHours(2));
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.SessionEndedBeforeGenerating:
                host.World.Clock.Advance(TimeSpan.FromHours(2));
                await visit.RequestGenerationAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.Unavailable:
                host.World.Traffic.InjectFault = _ => Fault.ConnectionFailed;
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
        }
    }

    private static async Task EnterShareStateAsync(Visit visit, ScreenState state, TestHost host)
    {
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland), state is ScreenState.ShareLocked ? Passphrase : "");
        if (state is ScreenState.ShareGone)
            await host.SendAsync(HttpMethod.Post, $"shares/{link.Id}/opening");
        await visit.GoToAsync(link.Path);
        await Expect(visit.Page.Locator("#open")).ToBeVisibleAsync();
        if (state is ScreenState.ShareReady)
            return;
        await visit.Page.Locator("#open").ClickAsync();
        switch (state)
        {
            case ScreenState.ShareLocked:
                await visit.EnterPassphraseAsync("another passphrase");
                await Expect(visit.Page.Locator("#passphrase-error")).Not.ToBeEmptyAsync();
                break;
            case ScreenState.ShareOpened:
                await visit.Page.Locator("#show-key").ClickAsync();
                await visit.Page.Locator("label[for=format-env]").ClickAsync();
                await Expect(visit.Page.Locator("#formatted")).ToContainTextAsync("CREDENTIALING_SECRET_KEY=tsk_");
                break;
            default:
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
        }
    }
}
