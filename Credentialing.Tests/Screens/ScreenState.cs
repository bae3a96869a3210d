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
}

internal static class ScreenStates
{
    private static readonly LeaId Institute = LeaId.Parse("01612590130617");

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
        ScreenState.SeveralLeas or ScreenState.HomeOfSeveralLeas or ScreenState.HomeWithPartialFailure => "luis",
        _ => "rosa",
    };

    private static string PathOf(ScreenState state) => state switch
    {
        ScreenState.HomeWithoutAnnouncements or ScreenState.HomeExpiring or ScreenState.HomeExpired or ScreenState.HomeOfSeveralLeas or ScreenState.HomeWithPartialFailure or ScreenState.HomeUnavailable => Visit.Home,
        ScreenState.UnknownLea => $"{Visit.Screen}?lea=1",
        ScreenState.NotPermitted => $"{Visit.Screen}?lea={TestWorld.Fresno}",
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

        if (state is ScreenState.Overlap)
        {
            var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential", "X-Vendor", "SEIS");
            var regenerated = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
            await host.AsVendorAsync(TestWorld.Oakland, regenerated, "v1/credential", "X-Vendor", "Aeries");
            host.World.Clock.Advance(TimeSpan.FromDays(3));
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
}
