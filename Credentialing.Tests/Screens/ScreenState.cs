using System.Net;
using Credentialing.Core;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>States of the screens. Together they show every part of every page and every kind of message.</summary>
public enum ScreenState
{
    SigningIn,
    Loading,
    NoneYet,
    Authorized,
    Confirming,
    Generating,
    KeyHidden,
    KeyShown,
    KeyCopied,
    CopyingRefused,
    Active,
    Expiring,
    AlmostExpired,
    LastDay,
    Expired,
    ConfirmingRegeneration,
    ConfirmingAfterExpiry,
    SeveralLeas,
    ChangedByColleague,
    SessionEnded,
    SessionEndedBeforeGenerating,
    NotPermitted,
    Unavailable,
    UnknownLea,
    NotHosted,
    Offline,
    Uncertain,
    KeyLost,
    HomeWithNothing,
    HomeExpiring,
    HomeExpired,
    HomeOfSeveralLeas,
    HomeWithSomeUnread,
}

internal static class ScreenStates
{
    private static readonly LeaId Institute = LeaId.Parse("01612590130617");

    /// <summary>Opens a page in an empty world and brings it to this state.</summary>
    internal static async Task<Visit> ReachAsync(this ScreenState state, BrowserFixture browser, TestHost host, BrowserNewContextOptions? options = null)
    {
        await PrepareAsync(state, host);
        var visit = await Visit.OpenAsync(browser, host, PersonaOf(state), PathOf(state), options);
        try
        {
            await BringAsync(visit, state, host);
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
        ScreenState.SeveralLeas or ScreenState.HomeOfSeveralLeas or ScreenState.HomeWithSomeUnread => "luis",
        _ => "rosa",
    };

    private static string PathOf(ScreenState state) => state switch
    {
        ScreenState.HomeWithNothing or ScreenState.HomeExpiring or ScreenState.HomeExpired or ScreenState.HomeOfSeveralLeas or ScreenState.HomeWithSomeUnread => Visit.Home,
        ScreenState.UnknownLea => $"{Visit.Screen}?lea=1",
        ScreenState.NotPermitted => $"{Visit.Screen}?lea={TestWorld.Fresno}",
        _ => Visit.Screen,
    };

    private static async Task PrepareAsync(ScreenState state, TestHost host)
    {
        var days = state switch
        {
            ScreenState.Active => 100,
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

        if (days is null)
            return;
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        host.World.Clock.Advance(TimeSpan.FromDays(days.Value));
    }

    private static Task LeaveUnansweredAsync(Visit visit) => visit.Page.RouteAsync("**/api/**", _ => { });

    private static async Task BringAsync(Visit visit, ScreenState state, TestHost host)
    {
        switch (state)
        {
            case ScreenState.SigningIn:
                await Expect(visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "DevHost: who are you?" })).ToBeVisibleAsync();
                return;
            case ScreenState.Loading:
                await LeaveUnansweredAsync(visit);
                await visit.Page.ReloadAsync();
                await Expect(visit.Page.Locator("#loading")).ToBeVisibleAsync();
                return;
            case ScreenState.NotHosted:
                await visit.Page.RouteAsync("**/host.js", route => route.FulfillAsync(new() { Status = 404 }));
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.HomeWithSomeUnread:
                await visit.Page.RouteAsync($"**/{Institute}/**", route => route.AbortAsync());
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.NotPermitted or ScreenState.UnknownLea:
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                return;
            case ScreenState.HomeWithNothing:
                await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
                return;
            case ScreenState.HomeExpiring or ScreenState.HomeExpired:
                await Expect(visit.Page.Locator("#announcements li")).ToHaveCountAsync(1);
                return;
            case ScreenState.HomeOfSeveralLeas:
                await Expect(visit.Page.Locator("#announcements li")).ToHaveCountAsync(2);
                return;
        }

        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        switch (state)
        {
            case ScreenState.Authorized:
                await visit.ClickBoxAsync();
                break;
            case ScreenState.Confirming or ScreenState.ConfirmingRegeneration or ScreenState.ConfirmingAfterExpiry:
                await visit.ClickBoxAsync();
                await visit.Page.Locator("#generate").ClickAsync();
                await Expect(visit.Page.Locator("#confirmation")).ToBeVisibleAsync();
                break;
            case ScreenState.Generating:
                await LeaveUnansweredAsync(visit);
                await visit.AskToGenerateAsync();
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
                await Expect(visit.Page.Locator("#copied")).Not.ToBeEmptyAsync();
                break;
            case ScreenState.CopyingRefused:
                await visit.GenerateAsync();
                await visit.RefuseCopyingAsync();
                await visit.Page.Locator("#copy-key").ClickAsync();
                await Expect(visit.Page.Locator("#copied")).Not.ToBeEmptyAsync();
                break;
            case ScreenState.Offline:
                await visit.Context.SetOfflineAsync(true);
                await visit.AskToGenerateAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.Uncertain:
                await visit.Page.RouteAsync("**/api/**", route => route.AbortAsync());
                await visit.AskToGenerateAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.KeyLost:
                await visit.Page.RouteAsync("**/api/**", route => route.Request.Method == "POST" ? route.AbortAsync() : route.ContinueAsync());
                Assert.Equal(HttpStatusCode.Created, (await host.GenerateAsync("rosa", TestWorld.Oakland)).Status);
                await visit.AskToGenerateAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.ChangedByColleague:
                Assert.Equal(HttpStatusCode.Created, (await host.GenerateAsync("luis", TestWorld.Oakland)).Status);
                await visit.AskToGenerateAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.SessionEnded:
                host.World.Clock.Advance(TimeSpan.FromHours(2));
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.SessionEndedBeforeGenerating:
                host.World.Clock.Advance(TimeSpan.FromHours(2));
                await visit.AskToGenerateAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
            case ScreenState.Unavailable:
                host.World.Traffic.Break = _ => Fault.Before;
                await visit.Page.ReloadAsync();
                await Expect(visit.Message).Not.ToBeEmptyAsync();
                break;
        }
    }
}
