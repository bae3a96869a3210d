using System.Net;
using Credentialing.Tests.Overview;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>The statewide overview, for TOMS's staff.</summary>
[Kind(TestKind.Browser)]
public sealed class OverviewPageTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Overview = "overview/";

    /// <summary>The acceptance story: which 20 LEAs lose access this week, and whom to call.</summary>
    [Fact]
    public async Task A_programme_officer_finds_the_LEAs_that_lose_access_this_week_and_whom_to_call()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SampleOverview.StoreAsync(world);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "toms", Visit.Home, showsTimeOfHost: true);
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Go to the statewide overview" }).ClickAsync();
        await Expect(Found(visit)).ToHaveTextAsync($"{SampleOverview.Count} LEAs");
        await Expect(visit.Page.Locator("#as-of")).ToContainTextAsync("as of the last check, Monday, November 23, 2026 at 11:00 AM Pacific Time");
        await Expect(visit.Page.GetByRole(AriaRole.Navigation).GetByText("Overview")).ToHaveAttributeAsync("aria-current", "page");

        await visit.Page.GetByText("Expires in the next 7 days").ClickAsync();

        await Expect(Found(visit)).ToHaveTextAsync("20 LEAs");
        await Expect(Rows(visit)).ToHaveCountAsync(20);
        var first = Rows(visit).First;
        await Expect(first).ToContainTextAsync("today");
        await Expect(first).ToContainTextAsync("Amaya Torres (no address)");
        await Expect(Rows(visit).Filter(new() { HasText = "All addresses were refused:" }).First).ToContainTextAsync("@lea.example");
        await Expect(Rows(visit).Nth(1).Locator("a[href^='mailto:']").First).ToBeVisibleAsync();
        await Expect(first.GetByRole(AriaRole.Link).First).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex(@"/history/\?lea=\d{14}$"));

        var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Button("Download CSV").ClickAsync());
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal(1 + SampleOverview.ThisWeek, lines.Length);
    }

    [Fact]
    public async Task The_list_can_be_searched_filtered_sorted_and_paged_and_the_histogram_has_a_table()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SampleOverview.StoreAsync(world);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "toms", Overview, showsTimeOfHost: true);
        await Expect(Rows(visit)).ToHaveCountAsync(50);
        await Expect(visit.Page.Locator("#page")).ToHaveTextAsync("Page 1 of 2");
        await Expect(visit.Page.Locator("#histogram svg rect")).ToHaveCountAsync(9);
        await Expect(visit.Page.GetByRole(AriaRole.Row, new() { Name = "0 to 3 days 12" })).ToHaveCountAsync(1);

        await visit.Button("Next page").ClickAsync();
        await Expect(Rows(visit)).ToHaveCountAsync(SampleOverview.Count - 50);
        await visit.Page.GetByLabel("Name or CDS code").FillAsync("canon");
        await Expect(Found(visit)).ToHaveTextAsync("3 LEAs"); // Cañón Largo
        await visit.Button("LEA").ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Columnheader, new() { Name = "LEA", Exact = true })).ToHaveAttributeAsync("aria-sort", "ascending");
        await Expect(Rows(visit).First).ToContainTextAsync("Cañón Largo Elementary");
        await visit.Button("LEA").ClickAsync();
        await Expect(Rows(visit).First).ToContainTextAsync("Cañón Largo Union High");

        await visit.Page.GetByLabel("Name or CDS code").FillAsync("");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "No credentials" }).ClickAsync();
        await Expect(Found(visit)).ToHaveTextAsync("5 LEAs");
        await Expect(visit.Page.GetByLabel("State", new() { Exact = true })).ToHaveValueAsync("none");
        await visit.Page.GetByLabel("State", new() { Exact = true }).SelectOptionAsync("revoked");
        await Expect(Rows(visit).First).ToContainTextAsync("Revoked");
        await visit.Button("Español").ClickAsync();
        await Expect(Rows(visit).First).ToContainTextAsync("Revocadas");
    }

    [Fact]
    public async Task After_a_failure_the_page_shows_what_was_read_and_a_retry_reads_the_rest()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SampleOverview.StoreAsync(world);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "toms", "about:blank");
        var isAvailable = false;
        await visit.Page.RouteAsync("**/api/leas**", async route =>
        {
            if (route.Request.Url.Contains("after=", StringComparison.Ordinal))
            {
                await (isAvailable ? route.FulfillAsync(new() { Json = new { leas = Array.Empty<object>(), next = (string?)null, asOf = (string?)null, timeZone = "UTC" } })
                    : route.FulfillAsync(new() { Status = 503, Json = new { } }));
                return;
            }

            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("\"next\":null", "\"next\":\"99999999999999\"", StringComparison.Ordinal) });
        });
        await visit.GoToAsync(Overview);
        await Expect(visit.Message).ToContainTextAsync("We could not load the LEAs.");
        await Expect(visit.Page.Locator("#loading")).ToHaveTextAsync($"Only the first {SampleOverview.Count} LEAs have been read. The numbers below are not complete.");
        isAvailable = true;
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Page.Locator("#loading")).ToBeEmptyAsync();
        await Expect(Found(visit)).ToHaveTextAsync($"{SampleOverview.Count} LEAs");
    }

    [Fact]
    public async Task A_coordinator_sees_that_the_page_is_for_staff_and_no_link_to_it()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "rosa", Overview);
        await Expect(visit.Message).ToContainTextAsync("This page is for TOMS's staff.");
        await Expect(visit.Page.GetByRole(AriaRole.Navigation).GetByText("Overview")).ToHaveCountAsync(0);
        Assert.Empty(visit.ApiRequests);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.SendAsync(HttpMethod.Get, "leas", "rosa")).Status);
    }

    private static ILocator Found(Visit visit) => visit.Page.Locator("#found");

    private static ILocator Rows(Visit visit) => visit.Page.Locator("#rows tr");
}
