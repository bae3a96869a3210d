using System.Text;
using System.Text.RegularExpressions;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>A coordinator hands over a new key: links for vendors, their list, the checklist.</summary>
[Kind(TestKind.Browser)]
public sealed class ShareTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Passphrase = "naranja ocho ríos";

    [Theory]
    [InlineData("")]
    [InlineData(Passphrase)]
    public async Task A_vendor_without_an_account_gets_the_credentials_by_a_link_of_a_coordinator(string passphrase)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, showsTimeOfHost: true);
        await visit.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        var key = await visit.GenerateAndShowAsync();
        var url = await visit.ShareAsync("Aeries Software", passphrase);
        await Expect(visit.Page.Locator("#created")).ToHaveTextAsync("Send this link to Aeries Software. It opens once, before Tuesday, November 24, 2026 at 12:00 PM Pacific Time.");
        await Expect(visit.Page.Locator("#tell")).ToHaveTextAsync(passphrase.Length == 0 ? "" : "Tell Aeries Software the passphrase by phone. Do not send it with the link.");
        await visit.Button("Copy link").ClickAsync();
        await Expect(visit.Page.GetByText("The link was copied.")).ToBeVisibleAsync();
        Assert.Equal(url, await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        await visit.Button("Close").ClickAsync();
        await Expect(visit.SharedLinks).ToHaveTextAsync(["Aeries SoftwareNot opened yet, works until Tuesday, November 24, 2026 at 12:00 PM Pacific TimeCreated by Rosa Delgado on Monday, November 23, 2026 at 12:00 PM Pacific TimeCancel"]);

        await using (var vendor = await Visit.OpenAsync(browser, host, persona: null, path: SharedLink.Parse(url).Path))
        {
            await Expect(vendor.Button("Show the credentials")).ToBeVisibleAsync();
            await vendor.Page.ReloadAsync();
            await Expect(vendor.Button("Show the credentials")).ToBeVisibleAsync();
            Assert.Empty(vendor.ApiRequests); // the page of a mail scanner or a preview uses nothing up
            await vendor.Button("Show the credentials").ClickAsync();
            if (passphrase.Length > 0)
            {
                await vendor.EnterPassphraseAsync("naranja siete ríos");
                await Expect(vendor.Page.Locator("#passphrase-error")).ToContainTextAsync("This is not the passphrase.");
                await vendor.EnterPassphraseAsync($" {passphrase.Normalize(NormalizationForm.FormD)} ");
            }

            await Expect(vendor.Key).ToHaveTextAsync(Visit.MaskedKey);
            Assert.DoesNotContain("tsk_", await vendor.Page.ContentAsync(), StringComparison.Ordinal);
            await vendor.Button("SHOW SECRET KEY").ClickAsync();
            await Expect(vendor.Key).ToHaveTextAsync(key);
            await Expect(vendor.Page.Locator("#lea")).ToHaveTextAsync("Oakland Unified (CDS code 01612590000000)");
            await Expect(vendor.Page.Locator("#vendor")).ToHaveTextAsync("Aeries Software");
            await Expect(vendor.Page.Locator("#address")).ToHaveTextAsync(new Regex("/api/v1$"));
            await Expect(vendor.Username).ToHaveTextAsync("sis-01612590000000");
            await Expect(vendor.Page.Locator("#expires")).ToHaveTextAsync("Tuesday, November 23, 2027 at 12:00 PM Pacific Time");
            await Expect(vendor.Page.GetByRole(AriaRole.Link, new() { Name = "Vendor guide" })).ToHaveAttributeAsync("href", new Regex("vendor-guide"));
            Assert.Equal(new Uri(host.Address, "share/").AbsoluteUri, vendor.Page.Url);
            var request = Assert.Single(vendor.ApiRequests);
            Assert.Equal(("POST", null), (request.Method, request.PostData));
            Assert.DoesNotContain("authorization", (await request.AllHeadersAsync()).Keys);
        }

        await visit.DispatchVisibilityChangeAsync();
        await Expect(visit.SharedLinks).ToContainTextAsync(["Opened on Monday, November 23, 2026 at 12:00 PM Pacific Time"]);
        await Expect(visit.Button("Cancel the link for Aeries Software")).ToBeHiddenAsync();

        await using var second = await Visit.OpenAsync(browser, host, persona: null, path: SharedLink.Parse(url).Path);
        await second.Button("Show the credentials").ClickAsync();
        await Expect(second.Message).ToContainTextAsync("This link no longer works.");
        await Expect(second.Message).ToContainTextAsync("If you did not open it, tell the LEA at once");
        await Expect(second.Button("Show the credentials")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Known_vendors_are_checked_off_when_they_get_a_link_and_a_link_can_be_canceled()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        foreach (var client in (string[])["SEIS", "Aeries"])
        {
            await host.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential", "X-Vendor", client);
            world.Clock.Advance(TimeSpan.FromDays(20));
        }

        await host.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential");
        await using var visit = await Visit.OpenAsync(browser, host, showsTimeOfHost: true);
        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        await Expect(visit.Page.Locator("#handover")).ToBeHiddenAsync();
        await visit.GenerateAsync();
        await Expect(visit.Page.Locator("#clients label")).ToHaveTextAsync(["Aeries", "SEIS"]);
        await Expect(visit.Page.Locator("#shares")).ToBeHiddenAsync();

        await visit.Button("Share with SEIS").ClickAsync();
        await Expect(visit.Page.GetByLabel("Vendor (required)")).ToHaveValueAsync("SEIS");
        Assert.Equal(["Aeries", "SEIS"], await visit.Page.Locator("#known-clients option").EvaluateAllAsync<string[]>("options => options.map(option => option.value)"));
        await visit.Page.Locator("#share-days").SelectOptionAsync(new SelectOptionValue { Label = "7 days" });
        await visit.Button("Create link").ClickAsync();
        await Expect(visit.Page.Locator("#created")).ToContainTextAsync("Send this link to SEIS. It opens once, before Saturday, January 9, 2027");
        var seis = SharedLink.Parse(await visit.Page.Locator("#link").InputValueAsync());
        await visit.Button("Close").ClickAsync();
        await Expect(visit.Button("Share with SEIS")).ToBeFocusedAsync();
        await Expect(visit.Page.Locator("#link")).ToHaveValueAsync("");
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        var infinite = SharedLink.Parse(await visit.ShareAsync("Infinite Campus"));
        await visit.Button("Close").ClickAsync();
        await Expect(visit.Page.GetByLabel("SEIS", new() { Exact = true })).ToBeCheckedAsync();
        await Expect(visit.Page.GetByLabel("Aeries", new() { Exact = true })).Not.ToBeCheckedAsync();

        await visit.Page.ReloadAsync(); // the list is there without the key
        await Expect(visit.SharedLinks).ToContainTextAsync(["Infinite Campus", "SEIS"]);
        await Expect(visit.Page.Locator("#handover")).ToBeHiddenAsync();
        await visit.Button("Cancel the link for SEIS").ClickAsync();
        await Expect(visit.Page.Locator("#canceled")).ToHaveTextAsync("The link for SEIS was canceled. It no longer works.");
        await Expect(visit.Page.Locator("#canceled")).ToBeFocusedAsync();
        await Expect(visit.SharedLinks).ToContainTextAsync(["Infinite Campus"]);

        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: seis.Path);
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("This link no longer works.");
        await vendor.GoToAsync(infinite.Path); // another link in the same tab
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Key).ToHaveTextAsync(Visit.MaskedKey);

        await visit.Button("Cancel the link for Infinite Campus").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("The link for Infinite Campus has been opened, so it was not canceled.");
        await Expect(visit.Message).ToContainTextAsync("revoke or regenerate the credentials right away");
        await Expect(visit.SharedLinks).ToContainTextAsync(["Opened on"]);
    }

    [Fact]
    public async Task A_regeneration_removes_the_links_of_the_old_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        var link = SharedLink.Parse(await visit.ShareAsync("Aeries"));
        await visit.Button("Close").ClickAsync();
        await Expect(visit.SharedLinks).ToHaveCountAsync(1);
        await visit.GenerateAsync();
        await Expect(visit.SharedLinks).ToHaveCountAsync(0);
        await Expect(visit.Page.Locator("#shares")).ToBeHiddenAsync();

        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: link.Path);
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("or the LEA has new credentials");
    }

    [Fact]
    public async Task Invalid_input_is_explained_and_sends_no_request()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { Locale = "es-US" });
        await visit.GenerateAsync();
        await visit.Button("Compartir con un proveedor").ClickAsync();
        foreach (var (vendor, passphrase, error) in ((string, string, string)[])[
            (" ", "", "Escriba el nombre del proveedor."),
            (new string('x', 201), "", "Acorte el nombre a un máximo de 200 caracteres."),
            ("Aeries", " 1234567 ", "Escriba al menos 8 caracteres o deje vacío este campo.")])
        {
            await visit.Page.GetByLabel("Proveedor (obligatorio)").FillAsync(vendor);
            await visit.Page.Locator("#passphrase").FillAsync(passphrase);
            await visit.Button("Crear enlace").ClickAsync();
            await Expect(visit.Page.Locator("#sharing .usa-error-message:not(:empty)")).ToHaveTextAsync([error]);
        }

        Assert.DoesNotContain(visit.ApiRequests, request => request.Method == "POST" && request.Url.EndsWith("/shares", StringComparison.Ordinal));
        await visit.Page.Locator("#passphrase").FillAsync("12345678");
        await visit.Button("Crear enlace").ClickAsync();
        await Expect(visit.Page.Locator("#created")).ToContainTextAsync("Envíe este enlace a Aeries. Se abre una sola vez, antes de esta fecha: ");
        Assert.NotEmpty(SharedLink.Parse(await visit.Page.Locator("#link").InputValueAsync()).Key);
    }

    [Theory]
    [InlineData("lost", "It is not certain whether the link was created.")]
    [InlineData("503", "It is not certain whether the link was created.")]
    [InlineData("offline", "You are offline. No link was created.")]
    [InlineData("session", "Your session has ended. No link was created.")]
    [InlineData("colleague", "The secret key that was shown here no longer works.")]
    [InlineData("revoked", "")]
    [InlineData("too-many-shares", "These credentials already have the maximum number of links")]
    [InlineData("nothing-to-share", "The credentials are no longer valid")]
    [InlineData("invalid-share", "Something unexpected happened. No link was created.")]
    public async Task A_failed_creation_is_explained_and_shows_no_link(string failure, string message)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        await visit.Button("Share with a vendor").ClickAsync();
        await visit.Page.GetByLabel("Vendor (required)").FillAsync("Aeries");
        switch (failure)
        {
            case "lost":
                await visit.Page.RouteAsync("**/shares", async route =>
                {
                    if (route.Request.Method == "POST")
                    {
                        await route.FetchAsync();
                        await route.AbortAsync();
                        return;
                    }

                    await route.ContinueAsync();
                });
                break;
            case "offline":
                await visit.Context.SetOfflineAsync(true);
                break;
            case "session":
                world.Clock.Advance(TimeSpan.FromHours(2));
                break;
            case "colleague":
                await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);
                break;
            case "revoked":
                await host.MustRevokeAsync("luis", TestWorld.Oakland, seenGeneration: 1);
                break;
            default:
                var (status, type) = failure switch { "503" => (503, "unavailable"), "invalid-share" => (422, failure), _ => (409, failure) };
                await visit.Page.RouteAsync("**/shares", route => route.Request.Method == "POST"
                    ? route.FulfillAsync(new() { Status = status, ContentType = "application/problem+json", Body = $$"""{"type":"urn:problem-type:credentialing:{{type}}"}""" })
                    : route.ContinueAsync());
                break;
        }

        await visit.Button("Create link").ClickAsync();

        await Expect(visit.Page.Locator("#sharing")).ToBeHiddenAsync();
        await (failure == "revoked" ? Expect(visit.Notice).ToContainTextAsync("have been revoked") : Expect(visit.Message).ToContainTextAsync(message, new() { UseInnerText = true }));
        Assert.Equal("", await visit.Page.Locator("#link").InputValueAsync());
        await Expect(visit.SharedLinks).ToHaveCountAsync(failure == "lost" ? 1 : 0);
        if (failure is "colleague" or "revoked")
            await Expect(visit.Page.Locator("#handover")).ToBeHiddenAsync();
        else
            await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Fact]
    public async Task Without_the_list_of_the_links_the_rest_of_the_screen_works()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Active.OpenAsync(browser, host);
        await visit.Page.RouteAsync("**/shares*", route => route.FulfillAsync(new() { Status = 503 }));
        await visit.ReloadWithNewSessionAsync(host);

        await Expect(visit.Page.GetByText("The list of the shared links could not be read.")).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
        await visit.GenerateAsync();
        await Expect(visit.Page.GetByText("The list of the shared links could not be read.")).ToBeHiddenAsync(); // a new key has no links
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_response_to_a_cancellation_shows_the_current_list(bool arrives)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await using var visit = await Visit.OpenAsync(browser, host, showsTimeOfHost: true);
        await visit.Page.RouteAsync("**/shares/*", async route =>
        {
            if (arrives)
                await route.FetchAsync();
            await route.AbortAsync();
        });

        await visit.Button("Cancel the link for Aeries").ClickAsync();

        await Expect(visit.Message).ToContainTextAsync("It is not certain whether the link was canceled.");
        await Expect(visit.SharedLinks).ToHaveCountAsync(arrives ? 0 : 1);
    }

    [Fact]
    public async Task One_button_copies_all_values()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        var key = await visit.GenerateAndShowAsync();

        await visit.Button("Copy all").ClickAsync();

        await Expect(visit.Copied).ToHaveTextAsync("The address, the username, the secret key and the expiry date were copied.");
        Assert.Equal(
            [
                $"Address for vendors: {await visit.Page.Locator("#address").InnerTextAsync()}",
                "Username: sis-01612590000000",
                $"Secret key: {key}",
                "Expires: Tuesday, November 23, 2027 at 12:00 PM Pacific Time",
            ],
            (await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()")).Split('\n'));
    }

    [Fact]
    public async Task The_calendar_file_is_saved_in_the_language_of_the_screen()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { Locale = "es-US" });
        await visit.GenerateAsync();
        await visit.Page.RouteAsync("**/calendar*", route => route.FulfillAsync(new() { Status = 503 }));
        await visit.Button("Descargar archivo de calendario").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("El servicio no está disponible en este momento. El archivo de calendario no se descargó.", new() { UseInnerText = true });
        await visit.Page.UnrouteAsync("**/calendar*");
        var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Button("Descargar archivo de calendario").ClickAsync());

        Assert.Equal("sis-vendor-credentials-01612590000000.ics", download.SuggestedFilename);
        Assert.StartsWith("BEGIN:VCALENDAR", await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await Expect(visit.Page.Locator("#downloaded")).ToHaveTextAsync("Se descargó el archivo de calendario con la fecha de vencimiento.");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_browser_without_WebCrypto_does_not_offer_links()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.RemoveWebCryptoAsync();
        await visit.GoToAsync(Visit.Screen);
        await visit.GenerateAsync();
        await Expect(visit.Button("Download calendar file")).ToBeVisibleAsync();
        await Expect(visit.Button("Share with a vendor")).ToBeHiddenAsync();
    }
}
