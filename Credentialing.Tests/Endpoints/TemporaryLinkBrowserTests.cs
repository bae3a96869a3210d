using System.Text;
using Credentialing.Tests.Support;
using Microsoft.Playwright;

namespace Credentialing.Tests.Endpoints;

/// <summary>A parent opens a temporary link on the page of a vendor's portal.</summary>
[Kind(TestKind.Browser)]
public sealed class TemporaryLinkBrowserTests(AzuriteFixture azurite, BrowserFixture browser)
{
    [Fact]
    public async Task The_browser_saves_the_report_and_shows_a_page_when_the_link_has_ended()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("%PDF-"), TestContext.Current.CancellationToken);
        var list = await host.AsVendorAsync(TestWorld.Oakland, await host.MustGenerateAsync("rosa", TestWorld.Oakland), "v1/students/9016125901/score-reports?links=temporary");
        var link = new Uri(host.Address, Assert.Single(list.Json.EnumerateArray()).GetProperty("temporaryLink").GetString());
        await using var context = await browser.NewContextAsync(new());
        var page = await context.NewPageAsync();
        await page.SetContentAsync($"<a rel=noreferrer href='{link}'>Report of 2026</a>");

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link).ClickAsync());
        Assert.Equal("9016125901-2026-ssr-en.pdf", download.SuggestedFilename);
        await using var content = await download.CreateReadStreamAsync();
        using var reader = new StreamReader(content, Encoding.ASCII);
        Assert.Equal("%PDF-", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));

        world.Clock.Advance(TimeSpan.FromMinutes(30));
        await page.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("This link no longer works");
        await Assertions.Expect(page.Locator("[lang=es]").GetByRole(AriaRole.Heading)).ToHaveTextAsync("Este enlace ya no funciona");
    }
}
