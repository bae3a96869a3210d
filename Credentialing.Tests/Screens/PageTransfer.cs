using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Credentialing.Tests.Overview;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>
/// What the two visits of a page transfer, with DevHost as the server. DevHost compresses with Brotli at the lowest level, and not the
/// headers (HTTP/1.1). Azure Static Web Apps uses Brotli too, and compresses the headers (HTTP/2).
/// </summary>
/// <param name="First">
/// The responses of the first visit, with the bytes that the browser received for each, headers included. Without the list of all LEAs on
/// the statewide overview, which has some 480 bytes for each LEA.
/// </param>
/// <param name="Repeated">The requests of the second visit. Without those of DevHost's <c>host.js</c>, such as for the clock.</param>
internal sealed record PageTransfer(IReadOnlyList<PageResponse> First, IReadOnlyList<string> Repeated)
{
    /// <summary>The bytes of the first visit.</summary>
    internal int Bytes => First.Sum(response => response.Bytes);

    /// <summary>The pages: the path, the persona that is signed in, and a selector of what the page shows when it is complete.</summary>
    internal static IReadOnlyList<(string Path, string? Persona, string Shown)> Pages =>
    [
        (Visit.Home, "rosa", "#announcements .usa-alert"),
        (Visit.Screen, "rosa", "#notice .usa-alert"),
        ("history/", "rosa", "#events-list li"),
        ("overview/", "toms", "#rows tr"),
        ("share/#3q2-7w.AAAA", null, "#message .usa-alert, #closed, #paste"),
    ];

    /// <summary>Visits a page twice, with an empty cache and without.</summary>
    internal static async Task<PageTransfer> MeasureAsync(AzuriteFixture azurite, BrowserFixture browser, string path, string? persona, string shown)
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
        return new(first, [.. requests.Where(request => !request.Contains(" /dev/", StringComparison.Ordinal))]);
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

    /// <summary>Collects the responses from now on.</summary>
    private static async Task<ConcurrentQueue<PageResponse>> ReadResponsesAsync(Visit visit)
    {
        var urls = new ConcurrentDictionary<string, string>();
        var responses = new ConcurrentQueue<PageResponse>();
        var network = await visit.Context.NewCDPSessionAsync(visit.Page);
        network.Event("Network.responseReceived").OnEvent += (_, received) =>
            urls[Text(received, "requestId")] = received!.Value.GetProperty("response").GetProperty("url").GetString()!;
        network.Event("Network.loadingFinished").OnEvent += (_, finished) =>
            responses.Enqueue(new((int)finished!.Value.GetProperty("encodedDataLength").GetDouble(), urls[Text(finished, "requestId")]));
        await network.SendAsync("Network.enable");
        return responses;
    }

    private static string Text(JsonElement? message, string property) => message!.Value.GetProperty(property).GetString()!;
}

/// <summary>A response that the browser received.</summary>
/// <param name="Bytes">Its size with headers, compressed.</param>
/// <param name="Url">Its address.</param>
internal sealed record PageResponse(int Bytes, string Url)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bytes,7:N0} {Url}");
}
