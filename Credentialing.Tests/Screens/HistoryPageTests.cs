using System.Net;
using System.Text.RegularExpressions;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Tests.Disclosures;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>The page with the downloads of an LEA and its audit trail.</summary>
[Kind(TestKind.Browser)]
public sealed class HistoryPageTests(AzuriteFixture azurite, BrowserFixture browser)
{
    /// <summary>In the evening in California, when it is the next day in UTC.</summary>
    private static readonly DateTimeOffset October = new(2026, 10, 1, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_coordinator_finds_out_which_reports_a_vendor_downloaded_in_October()
    {
        await using var world = await TestWorld.CreateAsync(azurite, October);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await DownloadAsync("9016125901", "Aeries"); // September
        world.Clock.Advance(TimeSpan.FromDays(1));
        foreach (var (ssid, client) in ((string, string)[])[("9016125902", "Aeries"), ("9016125903", "SEIS"), ("9016125901", "Aeries")])
        {
            await DownloadAsync(ssid, client);
            world.Clock.Advance(TimeSpan.FromHours(2));
        }

        await Downloads.RecordAsync(world, TestWorld.Berkeley, "9016114301");
        world.Clock.Advance(TimeSpan.FromDays(40));
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Downloads and history of this LEA" }).ClickAsync();

        var table = visit.Page.GetByRole(AriaRole.Table, new() { Name = "Downloaded reports by month and program, in the last twelve months" });
        await Expect(table.GetByRole(AriaRole.Columnheader)).ToHaveTextAsync(["Month", "Aeries", "SEIS"]);
        await Expect(table.GetByRole(AriaRole.Row)).ToHaveTextAsync(["MonthAeriesSEIS", "October 202621", "September 202610"]);

        await visit.Page.GetByLabel("Program of the vendor").FillAsync("Aeries");
        await visit.Page.GetByLabel("First day").FillAsync("2026-10-01");
        await visit.Page.GetByLabel("Last day").FillAsync("2026-10-31");
        await visit.Button("Find downloads").ClickAsync();
        var found = visit.Page.GetByRole(AriaRole.Group, new() { Name = "Downloads found" });
        await Expect(found).ToBeFocusedAsync();
        await Expect(found.GetByRole(AriaRole.Listitem)).ToHaveTextAsync(
        [
            "Oct 2, 2026, 12:00 AM PDTStudent Score Report 2026, English (PDF), student 9016125901By Aeries (key of generation 1)",
            "Oct 1, 2026, 8:00 PM PDTStudent Score Report 2026, English (PDF), student 9016125902By Aeries (key of generation 1)",
        ]);
        var file = await SaveAsync(visit, found.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }));
        Assert.Equal(["9016125901", "9016125902"], file.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..].Select(line => line.Split(',')[0]));

        await visit.Page.GetByLabel("Student (SSID)").FillAsync("9016125903");
        await visit.Page.GetByLabel("Program of the vendor").FillAsync("");
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(found.GetByRole(AriaRole.Listitem)).ToHaveTextAsync([new Regex("student 9016125903By SEIS")]);
        Assert.DoesNotContain("9016125903", visit.Page.Url, StringComparison.Ordinal);
        Assert.DoesNotContain(visit.Console, message => message.Contains("901612590", StringComparison.Ordinal));
        await visit.DispatchPageHideAsync();
        await Expect(found).ToBeHiddenAsync();
        await Expect(visit.Page.GetByLabel("Student (SSID)")).ToHaveValueAsync("");

        async Task DownloadAsync(string ssid, string client)
        {
            await world.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/{ssid}/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("0123456789"), overwrite: true, TestContext.Current.CancellationToken);
            var response = await host.AsVendorAsync(TestWorld.Oakland, key, $"v1/students/{ssid}/score-reports/2026-ssr-en.pdf", "X-Vendor", client);
            Assert.Equal(HttpStatusCode.OK, response.Status);
        }
    }

    [Fact]
    public async Task The_history_says_in_words_who_did_what_and_when_in_both_languages()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]), "toms", TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 3);
        await host.MustRevokeAsync("toms", TestWorld.Oakland, seenGeneration: 2, "<b>It was disclosed.</b>");
        await AddAsync(world, new AuditEvent(TestWorld.Oakland, world.Clock.GetUtcNow(), "key-polished", "rosa", "Rosa Delgado", Generation: 2, "With a cloth."));
        await using var visit = await Visit.OpenAsync(browser, host, path: "history/");

        var events = visit.Page.Locator("#events-list li");
        await Expect(events.Filter(new() { HasText = "TOMS revoked the credentials (generation 2).Reason: <b>It was disclosed.</b>" })).ToHaveCountAsync(1);
        await Expect(events.Filter(new() { HasText = "regenerated the credentials (generation 2). The old secret key was kept until Thursday, November 26, 2026 at 12:01 PM Pacific Time." })).ToHaveCountAsync(1);
        await Expect(events.Filter(new() { HasText = "Rosa Delgado authorized the release of student data to vendors and generated the first credentials (generation 1).Statement of the authorization: version 2026-1" })).ToHaveCountAsync(1);
        await Expect(events.Filter(new() { HasText = "Rosa Delgado: key-polishedWith a cloth." })).ToHaveCountAsync(1);
        await Expect(events.Last).ToHaveTextAsync("Nov 23, 2026, 12:00 PM PSTTOMS reported a change of the LEA or its coordinators.Name of the LEA: Oakland UnifiedAdded: Rosa Delgado (rosa)");

        await visit.Button("Español").ClickAsync();
        await Expect(events.Filter(new() { HasText = "TOMS revocó las credenciales (generación 2).Motivo: <b>It was disclosed.</b>" })).ToHaveCountAsync(1);
        await Expect(events.Last).ToContainTextAsync("TOMS informó de un cambio en la LEA o en sus coordinadores.");
    }

    /// <summary>The API returns such a page if it has read 5,000 downloads of other clients.</summary>
    [Fact]
    public async Task A_page_without_downloads_that_match_is_followed_by_the_next_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host, path: "history/");
        await visit.Page.RouteAsync("**/disclosures?client=Aeries", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = """{"disclosures":[],"next":"0000000000000000000:0000000000000000","timeZone":"America/Los_Angeles"}""",
        }));

        await visit.Page.GetByLabel("Program of the vendor").FillAsync("Aeries");
        await visit.Button("Find downloads").ClickAsync();

        await Expect(visit.Page.Locator("#found-list li")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Show_more_reads_the_next_page_and_its_failure_can_be_retried()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await AddManyAsync(world, AuditTrail.PageSize + 2);
        await using var visit = await Visit.OpenAsync(browser, host, path: "history/");
        var events = visit.Page.Locator("#events-list li");
        await Expect(events).ToHaveCountAsync(AuditTrail.PageSize);

        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        await visit.Button("Show more").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("The service is not available at the moment. We could not load the history.", new() { UseInnerText = true });
        await Expect(events).ToHaveCountAsync(AuditTrail.PageSize);
        world.Traffic.InjectFault = null;
        await visit.Button("Try again").ClickAsync();
        await Expect(events).ToHaveCountAsync(AuditTrail.PageSize + 2);
        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Button("Show more")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_page_that_could_not_be_read_is_read_completely_by_one_retry()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await AddManyAsync(world, 1);
        await using var visit = await ScreenState.HistoryUnavailable.OpenAsync(browser, host);
        await Expect(visit.Page.Locator("#events-list [role=status]")).ToBeEmptyAsync();
        await Expect(visit.Page.Locator("#counts-loading")).ToBeHiddenAsync();
        await Expect(visit.Page.Locator("#counts-none")).ToBeHiddenAsync();
        world.Traffic.InjectFault = null;
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Page.Locator("#events-list li")).ToHaveCountAsync(1);
        await Expect(visit.Page.GetByText("No report was downloaded in the last twelve months.")).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Theory]
    [InlineData("toms", "Oakland Unified (CDS code 01612590000000)")]
    [InlineData("bea", "You don't have access to this LEA.")]
    public async Task Staff_of_TOMS_see_the_history_of_any_LEA_and_coordinators_of_others_do_not(string persona, string text)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []), "toms", TestContext.Current.CancellationToken);
        await using var visit = await Visit.OpenAsync(browser, host, persona, $"history/?lea={TestWorld.Oakland}");
        await Expect(visit.Page.GetByText(text)).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#events-list li")).ToHaveCountAsync(persona == "toms" ? 1 : 0);
        await Expect(visit.Page.Locator("#search")).ToBeVisibleAsync(new() { Visible = persona == "toms" });
    }

    [Fact]
    public async Task A_CSV_file_shows_its_progress_after_a_second_can_be_canceled_and_is_not_saved_if_the_connection_is_lost()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton<IStartupFilter>(new MiddlewareFilter(app => app.Use(async (context, next) =>
        {
            if (context.Request.Headers.Accept != "text/csv" || lost.Task.IsCompleted)
            {
                await next(context);
                return;
            }

            context.Response.ContentType = "text/csv";
            await context.Response.WriteAsync(new string('1', 20_500));
            await context.Response.Body.FlushAsync();
            await lost.Task.WaitAsync(context.RequestAborted); // until it is canceled or lost
            context.Abort();
        }))));
        await AddManyAsync(world, 1);
        await using var visit = await Visit.OpenAsync(browser, host, path: "history/");
        var saved = 0;
        visit.Page.Download += (_, _) => saved++;
        var section = visit.Page.Locator("#events-csv");
        var (start, cancel, status) = (section.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }), visit.Button("Cancel the download"), section.GetByRole(AriaRole.Status));

        await start.ClickAsync();
        await Expect(status).ToHaveTextAsync("Downloading: 21 KB so far.");
        await cancel.ClickAsync();
        await Expect(status).ToHaveTextAsync("The download was canceled. No file was saved.");
        await Expect(start).ToBeFocusedAsync();

        await start.ClickAsync();
        await Expect(status).ToHaveTextAsync("Downloading: 21 KB so far.");
        lost.SetResult();
        await Expect(visit.Message).ToContainTextAsync("The download was interrupted.");
        await Expect(status).ToBeEmptyAsync();
        Assert.Equal(0, saved);

        var file = await SaveAsync(visit, visit.Button("Try again"));
        Assert.Contains(",previous-key-ended,person,Rosa Delgado,0,", file, StringComparison.Ordinal);
        await Expect(status).ToHaveTextAsync("The file was downloaded.");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    private static async Task<string> SaveAsync(Visit visit, ILocator button)
    {
        var download = await visit.Page.RunAndWaitForDownloadAsync(() => button.ClickAsync());
        await using var content = await download.CreateReadStreamAsync();
        using var reader = new StreamReader(content);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private static Task AddAsync(TestWorld world, params IEnumerable<AuditEvent> events) =>
        world.Account.Tables().GetTableClient("Leas").SubmitTransactionAsync(events.Select(item => item.ToAction()), TestContext.Current.CancellationToken);

    /// <summary>Adds this number of events.</summary>
    internal static async Task AddManyAsync(TestWorld world, int count)
    {
        foreach (var batch in Enumerable.Range(0, count).Chunk(100))
            await AddAsync(world, batch.Select(number => AuditEvent.PreviousKeyEnded(TestWorld.Oakland, world.Clock.GetUtcNow().AddSeconds(number), "rosa", "Rosa Delgado", number, reason: null)));
    }
}
