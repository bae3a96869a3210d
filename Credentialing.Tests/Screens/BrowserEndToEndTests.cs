using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>End-to-end test of the full story of the design, in a real browser, against the real DevHost and its mail server.</summary>
[Kind(TestKind.Browser)]
public sealed partial class BrowserEndToEndTests(BrowserFixture browser)
{
    private const string Berkeley = "01611430000000";
    private const string Report = "/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf";
    private const string ReportOfAnotherLea = "/api/v1/students/9016125901/score-reports/2026-ssr-en.pdf";

    [Fact]
    public async Task The_credentials_of_an_LEA_over_one_year()
    {
        var context = await browser.NewContextAsync(new() { Locale = "en-US" });
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path);
        using var inbox = new Inbox(host.Inbox);
        await using var visit = await Visit.FromContextAsync(context, host.Address);

        // A coordinator opens the screen. The button Generate Credentials is hidden until the box is checked.
        await visit.GoToAsync(Visit.Home);
        await visit.PickPersonaAsync("Bea Lindqvist");
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Credentialing", Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("SIS Vendor Credentialing");
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();
        await visit.Page.GetByLabel("Authorization to Release Student Data to Vendors", new() { Exact = true }).And(visit.Checkbox).PressAsync("Space");

        // The button opens a confirmation dialog with Cancel and Yes, Generate Credentials.
        await visit.Button("Generate Credentials").ClickAsync();
        await Expect(visit.Dialog).ToBeVisibleAsync();
        await visit.Button("Cancel").ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();

        // The screen shows a username and a masked secret key, with SHOW SECRET KEY and HIDE SECRET KEY.
        await Expect(visit.Username).ToHaveTextAsync($"sis-{Berkeley}");
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await visit.Button("SHOW SECRET KEY").ClickAsync();
        var key = await visit.Key.InnerTextAsync();
        await visit.Button("HIDE SECRET KEY").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);

        // The key is available until the coordinator leaves the screen. After that, the coordinator must regenerate.
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "MyTOMS Home" }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Credentialing", Exact = true }).ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
        await Expect(visit.Button("SHOW SECRET KEY")).ToBeHiddenAsync();
        await visit.ClickCheckboxAsync();
        await Expect(visit.Button("Regenerate Credentials")).ToBeVisibleAsync();

        // Vendors authenticate and download reports of their LEA only.
        Assert.Equal(HttpStatusCode.OK, await DownloadAsync(host, key, Report));
        Assert.Equal(HttpStatusCode.NotFound, await DownloadAsync(host, key, ReportOfAnotherLea));

        // The screen counts down.
        await AdvanceClockAsync(visit, 300, 30, 7, 7, 1, 1, 1, 1, 1);
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 16 days.");
        await StartDailyRunAsync(host);
        await AdvanceClockAsync(visit, 1);
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 15 days.");
        await visit.GoToAsync(Visit.Home);
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();

        // Coordinators get an email 14, 7, 3 and 1 days before expiry, and an announcement from 14 days before expiry.
        var left = 15;
        foreach (var milestone in (int[])[14, 7, 3, 1])
        {
            await AdvanceClockAsync(visit, [.. Enumerable.Repeat(1, left - milestone)]);
            left = milestone;
            await StartDailyRunAsync(host);
            var when = milestone == 1 ? "in 1 day" : $"in {milestone} days";
            var email = await inbox.WaitForAsync(subject => IsOfBerkeley(subject) && subject.EndsWith(when, StringComparison.Ordinal));

            await visit.GoToAsync(Visit.Home);
            await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveTextAsync($"Berkeley Unified: SIS vendor credentials expire {when}");
            await visit.Page.GotoAsync(Link().Match(email.Message.TextBody!).Value);
            await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("Berkeley Unified");
            await Expect(visit.Notice).ToContainTextAsync($"Current credentials expire {when}.");
        }

        // After expiry, the screen shows instructions to regenerate. The announcement stays.
        await AdvanceClockAsync(visit, 1);
        await Expect(visit.Notice).ToContainTextAsync("Current credentials have expired.");
        await Expect(visit.Notice.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(3);
        Assert.Equal(HttpStatusCode.Unauthorized, await DownloadAsync(host, key, Report));
        await StartDailyRunAsync(host);
        await visit.GoToAsync(Visit.Home);
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveTextAsync("Berkeley Unified: SIS vendor credentials have expired");
        Assert.Equal(4, (await inbox.SubjectsAsync()).Count(IsOfBerkeley));

        // Regeneration removes the announcement.
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Go to SIS Vendor Credentialing for Berkeley Unified" }).ClickAsync();
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
        await visit.Button("SHOW SECRET KEY").ClickAsync();
        Assert.Equal(HttpStatusCode.OK, await DownloadAsync(host, await visit.Key.InnerTextAsync(), Report));
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "MyTOMS Home" }).ClickAsync();
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
    }

    /// <summary>Advances DevHost's clock with its buttons, and signs in again because the session has expired.</summary>
    private static async Task AdvanceClockAsync(Visit visit, params int[] days)
    {
        foreach (var count in days)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "day" : "days")}");
            await visit.Page.EvaluateAsync("document.body.id = 'left'");
            await visit.Button(name).ClickAsync();
            await Expect(visit.Page.Locator("#left")).ToHaveCountAsync(0); // the page reloads
            await visit.Page.WaitForLoadStateAsync(LoadState.DOMContentLoaded);
        }

        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Bea Lindqvist");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    /// <summary>Starts the daily run. The response does not wait for its end; callers wait for the results.</summary>
    private static async Task StartDailyRunAsync(DevHostProcess host)
    {
        using var response = await host.Client.PostAsync(new Uri("/admin/functions/SendExpiryReminders", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    private static bool IsOfBerkeley(string subject) => subject.StartsWith("Berkeley Unified", StringComparison.Ordinal);

    private static async Task<HttpStatusCode> DownloadAsync(DevHostProcess host, string key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(TestHost.Basic(Core.LeaId.Parse(Berkeley), key));
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:[0-9]+/credentialing/\?lea=[0-9]{14}")]
    private static partial Regex Link();
}
