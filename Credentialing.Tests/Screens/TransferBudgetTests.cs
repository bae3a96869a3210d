using System.Collections.Concurrent;
using System.Text.Json;
using Credentialing.Tests.Overview;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>
/// Budgets for the bytes and requests of each page, with DevHost as the server. DevHost compresses with Brotli at the lowest level, and
/// not the headers (HTTP/1.1). Azure Static Web Apps uses Brotli too, and compresses the headers (HTTP/2).
/// </summary>
[Kind(TestKind.Browser)]
public sealed class TransferBudgetTests(AzuriteFixture azurite, BrowserFixture browser)
{
    /// <summary>
    /// Bytes of all responses of a first visit, with headers. Without the list of all LEAs on the statewide overview, which has some 480
    /// bytes for each LEA. The largest page transfers 86,000 bytes.
    /// </summary>
    private const int MaxBytes = 90_000;

    /// <summary>Requests of a repeat visit: the page, <c>host.js</c> and the API.</summary>
    private const int MaxRequests = 4;

    public static TheoryData<string, string?, string> Pages => new()
    {
        { Visit.Home, "rosa", "#announcements .usa-alert" },
        { Visit.Screen, "rosa", "#notice .usa-alert" },
        { "history/", "rosa", "#events-list li" },
        { "overview/", "toms", "#rows tr" },
        { "share/#3q2-7w.AAAA", null, "#message .usa-alert, #closed, #paste" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_stays_within_the_budget_of_its_first_and_its_repeat_visit(string path, string? persona, string shown)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var requests = new ConcurrentQueue<string>();
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton<IStartupFilter>(new MiddlewareFilter(app => app.Use(async (context, next) =>
        {
            await next(context);
            requests.Enqueue($"{context.Response.StatusCode} {context.Request.Method} {context.Request.Path}");
        }))));
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(360));
        await SampleOverview.StoreAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, persona, "about:blank");
        var responses = await ReadResponsesAsync(visit);

        await ShowAsync(visit, path, shown);
        var first = responses.Where(response => !response.Url.EndsWith("/api/leas", StringComparison.Ordinal)).ToList();
        requests.Clear();
        await ShowAsync(visit, "about:blank", "html");
        await ShowAsync(visit, path, shown);

        // Without the requests of DevHost's host.js, such as those for the clock.
        var repeated = requests.Where(request => !request.Contains(" /dev/", StringComparison.Ordinal)).ToList();
        var bytes = first.Sum(response => response.Bytes);
        TestContext.Current.TestOutputHelper?.WriteLine($"{path}: {bytes:N0} bytes in {first.Count} responses, then {repeated.Count} requests");
        Assert.True(
            bytes <= MaxBytes,
            $"The first visit of {path} transfers {bytes:N0} bytes, more than {MaxBytes:N0}. The largest responses:\n{string.Join('\n', first.OrderByDescending(response => response.Bytes).Take(8))}");
        Assert.True(repeated.Count <= MaxRequests, $"A repeat visit of {path} needs {repeated.Count} requests, more than {MaxRequests}:\n{string.Join('\n', repeated)}");
    }

    /// <summary>Azure Static Web Apps sets these headers according to <c>staticwebapp.config.json</c>.</summary>
    [Fact]
    public async Task Browsers_keep_files_with_a_hash_in_their_name_and_ask_for_changes_of_all_others()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.NotEmpty(BuiltSite.Files);
        foreach (var file in BuiltSite.Files.Append("host.js"))
        {
            using var response = await host.Client.GetAsync(new Uri($"/{file}", UriKind.Relative), TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            Assert.Equal(
                $"{file}: {(file.StartsWith("assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache")}",
                $"{file}: {Assert.Single(response.Headers.GetValues("Cache-Control"))}");
        }
    }

    private static async Task ShowAsync(Visit visit, string path, string shown)
    {
        if (path == "about:blank")
            await visit.Page.GotoAsync(path);
        else
            await visit.GoToAsync(path);
        await Expect(visit.Page.Locator(shown).First).ToBeVisibleAsync();
        await visit.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
    }

    /// <summary>Collects the responses from now on, with the bytes that the browser has received for each.</summary>
    private static async Task<ConcurrentQueue<Response>> ReadResponsesAsync(Visit visit)
    {
        var urls = new ConcurrentDictionary<string, string>();
        var responses = new ConcurrentQueue<Response>();
        var network = await visit.Context.NewCDPSessionAsync(visit.Page);
        network.Event("Network.responseReceived").OnEvent += (_, received) =>
            urls[Text(received, "requestId")] = received!.Value.GetProperty("response").GetProperty("url").GetString()!;
        network.Event("Network.loadingFinished").OnEvent += (_, finished) =>
            responses.Enqueue(new((int)finished!.Value.GetProperty("encodedDataLength").GetDouble(), urls[Text(finished, "requestId")]));
        await network.SendAsync("Network.enable");
        return responses;
    }

    private static string Text(JsonElement? message, string property) => message!.Value.GetProperty(property).GetString()!;

    private sealed record Response(int Bytes, string Url)
    {
        public override string ToString() => $"{Bytes,7:N0} {Url}";
    }
}
