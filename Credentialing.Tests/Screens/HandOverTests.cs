using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>
/// End-to-end test of the tour in <c>docs/getting-started.md</c>, against the real DevHost: a key goes from a coordinator's screen to a
/// vendor, and a report from the vendor's portal to a parent.
/// </summary>
[Kind(TestKind.Browser)]
public sealed class HandOverTests(BrowserFixture browser)
{
    private const string Passphrase = "naranja ocho";

    [Fact]
    public async Task A_key_reaches_a_vendor_by_a_link_and_a_report_reaches_a_parent_by_a_link()
    {
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path);
        using var inbox = new Inbox(host.Inbox);
        await using var coordinator = await Visit.FromContextAsync(await browser.NewContextAsync(new() { Locale = "en-US" }), host.Address);
        await using var vendor = await Visit.FromContextAsync(await browser.NewContextAsync(new() { Locale = "en-US" }), host.Address);
        await using var parent = await browser.NewContextAsync(new());

        // The coordinator shares the new key. The service has only a ciphertext.
        await coordinator.SignInAsync("Rosa Delgado");
        var generated = await coordinator.GenerateAndShowAsync();
        var link = await coordinator.ShareAsync("Aeries", Passphrase);
        await coordinator.Button("Close").ClickAsync();
        await Expect(coordinator.SharedLinks).ToContainTextAsync("Not opened yet");

        // The vendor opens the link.
        await vendor.Page.GotoAsync(link);
        await vendor.Button("Show the credentials").ClickAsync();
        await vendor.EnterPassphraseAsync(Passphrase);
        await vendor.Button("SHOW SECRET KEY").ClickAsync();
        var key = await vendor.Key.InnerTextAsync();
        Assert.Equal(generated, key);
        await coordinator.DispatchVisibilityChangeAsync();
        await Expect(coordinator.SharedLinks).ToContainTextAsync("Opened on");

        // The commands of the guide: the vendor's system requests a temporary link, which downloads the report without a token.
        var commands = await GettingStarted.CommandsAsync("A key to a vendor and a report to a parent, in two minutes", host);
        var (report, output) = await GettingStarted.RunInShellAsync([$"KEY={key}", .. commands]);
        Assert.Equal("%PDF-"u8, report.AsSpan(0, 5));

        // The parent's browser does the same, until the key is revoked.
        var page = await parent.NewPageAsync();
        await page.SetContentAsync($"<a rel=noreferrer href='{output.Trim()}'>Report</a>");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByText("Report").ClickAsync());
        Assert.Equal("9016125901-2026-ssr-en.pdf", download.SuggestedFilename);
        await coordinator.RequestRevocationAsync("The tour ends.");
        await Expect(coordinator.Notice).ToContainTextAsync("Current credentials have been revoked.");
        await page.GetByText("Report").ClickAsync();
        await Expect(page.GetByText("This link no longer works")).ToBeVisibleAsync();

        // The other coordinator got emails. They contain neither the key nor the link.
        await inbox.WaitForAsync(subject => subject == "Oakland Unified: Rosa Delgado revoked the SIS vendor credentials");
        foreach (var email in await inbox.ReadAsync())
        {
            var text = email.Message.ToString();
            Assert.DoesNotContain(key, text, StringComparison.Ordinal);
            Assert.DoesNotContain(link.Split('#')[1], text, StringComparison.Ordinal);
        }
    }
}
