using System.Security.Cryptography;
using System.Text.Json;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>The page that opens a link for a vendor. Most links are created by <see cref="SharedLink"/>, without the screens.</summary>
[Kind(TestKind.Browser)]
public sealed class SharePageTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Passphrase = "naranja ocho ríos";

    [Theory]
    [InlineData("")]
    [InlineData(Passphrase)]
    public async Task A_separate_implementation_decrypts_what_the_screen_has_encrypted(string passphrase)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        var key = await visit.GenerateAndShowAsync();

        var link = SharedLink.Parse(await visit.ShareAsync("Zoë & Söhne 100%", passphrase));

        var body = JsonElement.Parse(visit.ApiRequests.Single(request => request.Method == "POST" && request.Url.EndsWith("/shares", StringComparison.Ordinal)).PostData!);
        Assert.Equal(24, body.GetProperty("expiresInHours").GetInt32());
        var ciphertext = body.GetProperty("ciphertext").GetString()!;
        var content = link.Decrypt(ciphertext, passphrase);
        Assert.Equal(
            ["leaId", "lea", "vendor", "baseUrl", "username", "secretKey", "expiresAt", "timeZone", "guideUrl"],
            content.EnumerateObject().Select(member => member.Name));
        Assert.Equal(key, content.GetProperty("secretKey").GetString());
        Assert.Equal("Zoë & Söhne 100%", content.GetProperty("vendor").GetString());
        Assert.Equal("America/Los_Angeles", content.GetProperty("timeZone").GetString());
        Assert.Throws<AuthenticationTagMismatchException>(() => (link with { Key = new byte[32] }).Decrypt(ciphertext, passphrase));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Passphrase)]
    public async Task The_page_decrypts_what_a_separate_implementation_has_encrypted_and_copies_it_in_each_format(string passphrase)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var link = await SharedLink.CreateAsync(host, key, passphrase);
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: link.Path);
        await vendor.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await vendor.Button("Show the credentials").ClickAsync();
        if (passphrase.Length > 0)
            await vendor.EnterPassphraseAsync(passphrase);
        await Expect(vendor.Key).ToHaveTextAsync(Visit.MaskedKey);
        var address = await vendor.Page.Locator("#address").InnerTextAsync();
        const string Expiry = "Tuesday, November 23, 2027 at 12:00 PM Pacific Time";

        foreach (var (button, copied, value) in ((string, string, string)[])[
            ("Copy address", "The address was copied.", address),
            ("Copy username", "The username was copied.", "sis-01612590000000"),
            ("Copy secret key", "The secret key was copied.", key),
            ("Copy expiry date", "The expiry date was copied.", Expiry)])
        {
            await ExpectCopiesAsync(button, copied, value);
        }

        var masked = await vendor.Page.Locator("#formatted").InnerTextAsync();
        Assert.Contains($"Secret key: {Visit.MaskedKey}", masked, StringComparison.Ordinal);
        foreach (var (format, text) in ((string, string)[])[
            ("Text", $"Address for vendors: {address}\nUsername: sis-01612590000000\nSecret key: {key}\nExpires: {Expiry}"),
            (".env file", $"CREDENTIALING_BASE_URL={address}\nCREDENTIALING_USERNAME=sis-01612590000000\nCREDENTIALING_SECRET_KEY={key}\nCREDENTIALING_EXPIRES_AT=2027-11-23T20:00:00Z"),
            ("JSON", $$"""
                {
                  "baseUrl": "{{address}}",
                  "username": "sis-01612590000000",
                  "secretKey": "{{key}}",
                  "expiresAt": "2027-11-23T20:00:00Z"
                }
                """)])
        {
            await vendor.Page.GetByText(format, new() { Exact = true }).ClickAsync();
            await ExpectCopiesAsync("Copy all", "All values were copied.", text);
        }

        async Task ExpectCopiesAsync(string button, string copied, string value)
        {
            await vendor.Button(button).ClickAsync();
            await Expect(vendor.Copied).ToHaveTextAsync([copied]);
            Assert.Equal(value, await vendor.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        }
    }

    [Fact]
    public async Task The_page_uses_only_the_address_of_the_API_from_its_host()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: "about:blank");
        await vendor.ReplaceHostModuleAsync(new(Leas: "window.called = true", AccessToken: "window.called = true", SignIn: "window.called = true"));
        await vendor.GoToAsync(link.Path);
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Key).ToHaveTextAsync(Visit.MaskedKey);
        Assert.False(await vendor.Page.EvaluateAsync<bool>("'called' in window"));
        await Expect(vendor.Page.GetByRole(AriaRole.Navigation)).ToHaveCountAsync(0);
        await Expect(vendor.Page.Locator("#static")).ToBeHiddenAsync();
        await Expect(vendor.Page.Locator("meta[name=robots]")).ToHaveAttributeAsync("content", "noindex");
        await Expect(vendor.Page).ToHaveTitleAsync("SIS vendor credentials · TOMS");
    }

    [Theory]
    [InlineData("share/")]
    [InlineData("share/#01612590000000-0123456789abcdef0123456789abcdef.abc")]
    public async Task An_incomplete_link_can_be_pasted(string path)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: path);
        await Expect(vendor.Message).ToContainTextAsync("A part of the link is missing.");
        await Expect(vendor.Button("Show the credentials")).ToBeHiddenAsync();
        var url = new Uri(host.Address, link.Path).AbsoluteUri;
        await vendor.Page.GetByLabel("Paste the whole link").FillAsync(url[..^1]);
        await vendor.Button("Use this link").ClickAsync();
        await Expect(vendor.Page.Locator("#pasted-error")).ToContainTextAsync("This is not the whole link.");
        Assert.Empty(vendor.ApiRequests);

        // As a mail program replaces a link, and as it breaks one over two lines.
        var pasted = path == "share/" ? $"<https://links.example/?url={Uri.EscapeDataString(url)}&data=1>" : $"{url[..90]} {url[90..]}";
        await vendor.Page.GetByLabel("Paste the whole link").FillAsync(pasted);
        await vendor.Page.Keyboard.PressAsync("Enter");
        await Expect(vendor.Message).ToBeEmptyAsync();
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Key).ToHaveTextAsync(Visit.MaskedKey);
        Assert.Equal(new Uri(host.Address, "share/").AbsoluteUri, vendor.Page.Url);
        Assert.DoesNotContain(vendor.Requests, request => request.Url.Contains(link.Path[^43..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_skip_link_keeps_the_link_in_the_address()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: link.Path);
        await Expect(vendor.Button("Show the credentials")).ToBeVisibleAsync();
        await vendor.Page.Keyboard.PressAsync("Tab");
        await vendor.Page.Keyboard.PressAsync("Enter");
        await Expect(vendor.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
        await vendor.Page.Keyboard.PressAsync("Tab");
        await vendor.Page.Keyboard.PressAsync("Enter");
        await Expect(vendor.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(vendor.Page.Locator("#warning-title")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Without_WebCrypto_nothing_is_opened()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: "about:blank");
        await vendor.RemoveWebCryptoAsync();
        await vendor.GoToAsync(link.Path);
        await Expect(vendor.Message).ToContainTextAsync("This browser cannot decrypt the credentials.");
        await Expect(vendor.Button("Show the credentials")).ToBeHiddenAsync();
        Assert.Empty(vendor.ApiRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_JavaScript_and_in_an_old_browser_a_static_text_explains_what_to_do(bool javaScript)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: "about:blank", options: new() { JavaScriptEnabled = javaScript });
        await vendor.Page.RouteAsync("**/share-*.js", route => route.FulfillAsync(new() { ContentType = "text/javascript", Body = "a newer syntax" }));
        await vendor.GoToAsync("share/");
        await Expect(vendor.Page.GetByText("If nothing else appears here, JavaScript is turned off, or this browser is too old for this page.")).ToBeVisibleAsync();
        await Expect(vendor.Page.GetByText("JavaScript está desactivado")).ToBeVisibleAsync();
        vendor.ClearErrors();
    }

    [Fact]
    public async Task Without_a_host_module_nothing_is_opened()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: "about:blank");
        await vendor.Page.RouteAsync("**/host.js", route => route.FulfillAsync(new() { Status = 404 }));
        await vendor.GoToAsync("share/");
        await Expect(vendor.Message).ToContainTextAsync("This page is not available at the moment.");
        vendor.ClearErrors();
    }

    [Fact]
    public async Task A_failure_is_explained_and_the_button_stays_until_the_link_is_used()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: link.Path);

        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("The service is not available at the moment.");
        world.Traffic.InjectFault = null;
        await vendor.Context.SetOfflineAsync(true);
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("You are offline. The link was not used up.", new() { UseInnerText = true });
        await vendor.Context.SetOfflineAsync(false);
        await vendor.Page.RouteAsync("**/opening", async route =>
        {
            await route.FetchAsync();
            await route.AbortAsync();
        });
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("It is not certain whether the link was opened.");
        await vendor.Page.UnrouteAsync("**/opening");
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("This link no longer works.");
        await Expect(vendor.Button("Show the credentials")).ToBeHiddenAsync();
        await vendor.Button("Español").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("Si usted no lo abrió, avise de inmediato a la LEA");
    }

    [Theory]
    [InlineData("key")]
    [InlineData("ciphertext")]
    [InlineData("content")]
    [InlineData("guide")]
    [InlineData("baseUrl")]
    [InlineData("username")]
    [InlineData("expiresAt")]
    public async Task What_cannot_be_decrypted_is_not_shown(string damaged)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var secretKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var key = RandomNumberGenerator.GetBytes(32);
        var content = new
        {
            leaId = "01612590000000",
            lea = "Oakland Unified",
            vendor = "Aeries",
            baseUrl = damaged == "baseUrl" ? "https://toms.example/$(id)" : "https://toms.example",
            username = damaged == "username" ? "`id`" : "sis-01612590000000",
            secretKey,
            expiresAt = damaged == "expiresAt" ? "2027-11-23 ($(id))" : "2027-11-23T20:00:00Z",
            timeZone = "America/Los_Angeles",
            guideUrl = damaged == "guide" ? "javascript:alert(1)" : null,
        };
        var link = damaged switch
        {
            "key" => (await SharedLink.CreateAsync(host, secretKey)) with { Key = key },
            "ciphertext" => new(await SharedLink.CreateShareAsync(host, "AAAA"), key),
            _ => new(await SharedLink.CreateShareAsync(host, SharedLink.Encrypt(key, "", damaged == "content" ? new { content.lea } : content)), key),
        };
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: link.Path);
        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Message).ToContainTextAsync("The credentials cannot be decrypted.");
        await Expect(vendor.Page.Locator("#opened")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task The_browser_warns_before_leaving_until_the_key_is_copied()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var link = await SharedLink.CreateAsync(host, await host.MustGenerateAsync("rosa", TestWorld.Oakland), Passphrase);
        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: link.Path);
        await vendor.Context.GrantPermissionsAsync(["clipboard-write"]);
        await Expect(vendor.Button("Show the credentials")).ToBeVisibleAsync();
        var warnings = 0;
        vendor.Page.Dialog += async (_, dialog) =>
        {
            Interlocked.Increment(ref warnings);
            await dialog.DismissAsync();
        };

        await vendor.Button("Show the credentials").ClickAsync();
        await Expect(vendor.Page.GetByLabel("Passphrase")).ToBeFocusedAsync();
        await ExpectWarningsAsync(1); // the link has been used
        await vendor.EnterPassphraseAsync(Passphrase);
        await ExpectWarningsAsync(2);
        await vendor.Button("Copy username").ClickAsync();
        await ExpectWarningsAsync(3);
        await vendor.Page.GetByText("I have saved it").ClickAsync();
        await vendor.Page.GetByText("I have saved it").ClickAsync();
        await ExpectWarningsAsync(4);
        await vendor.Button("Copy all").ClickAsync();
        await Expect(vendor.Copied).ToHaveTextAsync("All values were copied.");
        await vendor.Page.ReloadAsync();
        await Expect(vendor.Message).ToContainTextAsync("A part of the link is missing.");
        Assert.Equal(4, warnings);

        async Task ExpectWarningsAsync(int expected)
        {
            await vendor.Page.EvaluateAsync("setTimeout(() => location.reload())");
            await Eventually.IsTrueAsync(() => warnings == expected);
        }
    }
}
