using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Exports of a host module that replaces DevHost's, as JavaScript expressions.</summary>
internal sealed record HostModule(
    string Leas = "[{ id: '01612590000000', name: 'Oakland Unified' }]", string AccessToken = "''", string SignIn = "undefined", string Api = "/api/");

/// <summary>A user of the screens in a separate browser context.</summary>
internal sealed class Visit : IAsyncDisposable
{
    internal const string Screen = "credentialing/";
    internal const string Home = "";

    /// <summary>A file of the site, for a test that prepares the browser before it opens a page.</summary>
    internal const string NoPage = "host.js";

    private readonly IBrowserContext context;
    private readonly ConcurrentQueue<string> errors = [];
    private readonly ConcurrentQueue<string> console = [];
    private readonly ConcurrentQueue<IRequest> requests = [];

    private Visit(IBrowserContext context, IPage page, Uri address)
    {
        this.context = context;
        Page = page;
        Address = address;
        page.PageError += (_, error) => errors.Enqueue(error);
        page.Request += (_, request) => requests.Enqueue(request);
        page.Response += (_, response) =>
        {
            // A missing file of the page: script, style sheet, image or font. The page handles errors of the API itself.
            if (response is { Status: 404, Request.ResourceType: not ("fetch" or "xhr") })
                errors.Enqueue($"{response.Url} was not found.");
        };
        page.Console += (_, message) =>
        {
            console.Enqueue(message.Text);
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                errors.Enqueue(message.Text);
        };
    }

    internal IPage Page { get; }

    internal IBrowserContext Context => context;

    internal Uri Address { get; }

    /// <summary>Base address of the API if its origin differs from that of the screens.</summary>
    internal Uri? Api { get; init; }

    /// <summary>All messages of the browser console.</summary>
    internal IEnumerable<string> Console => console;

    /// <summary>All requests of the page, to any origin.</summary>
    internal IEnumerable<IRequest> Requests => requests;

    /// <summary>All requests of the page to the API.</summary>
    internal IEnumerable<IRequest> ApiRequests => requests.Where(request => new Uri(request.Url).AbsolutePath.StartsWith("/api/", StringComparison.Ordinal));

    /// <summary>Number of requests to generate credentials.</summary>
    internal int Generations => requests.Count(request => request is { Method: "POST" } && request.Url.EndsWith("/credentials", StringComparison.Ordinal));

    /// <summary>The box of the authorization.</summary>
    internal ILocator Checkbox => Page.Locator("#agree");

    /// <summary>The result of the last copy, beside its button.</summary>
    internal ILocator Copied => Page.Locator("[id^=copied-]:not(:empty)");

    internal ILocator Dialog => Page.GetByRole(AriaRole.Dialog, new() { Name = "Proceed with generating credentials?" });

    /// <summary>Area for error and warning messages.</summary>
    internal ILocator Message => Page.Locator("#message");

    /// <summary>Text on MyTOMS Home when there are no announcements.</summary>
    internal ILocator NoAnnouncements => Page.Locator("#none");

    /// <summary>The line about the previous secret key.</summary>
    internal ILocator Previous => Page.Locator("#previous");

    /// <summary>The clients that used a secret key in the last days.</summary>
    internal ILocator Usage => Page.Locator("#usage li");

    internal ILocator RevocationDialog => Page.GetByRole(AriaRole.Dialog, new() { Name = "Revoke the credentials of Oakland Unified?" });

    /// <summary>The links that were shared with vendors.</summary>
    internal ILocator SharedLinks => Page.Locator("#shares-list li");

    /// <summary>The state of the credentials.</summary>
    internal ILocator Notice => Page.Locator("#notice");

    /// <summary>The secret key, or the asterisks that mask it.</summary>
    internal ILocator Key => Page.Locator("#secret-key");

    internal ILocator Username => Page.Locator("#username");

    /// <summary>
    /// Opens a page, signed in as a persona, or not signed in if it is null. <paramref name="showsTimeOfHost"/>: the browser's clock has
    /// the current time of the world.
    /// </summary>
    internal static async Task<Visit> OpenAsync(
        BrowserFixture browser, TestHost host, string? persona = "rosa", string path = Screen, BrowserNewContextOptions? options = null, Uri? api = null, bool showsTimeOfHost = false)
    {
        options ??= new();
        options.Locale ??= "en-US";
        if (persona is not null)
            options.StorageState = StorageState(host, await CreateSessionAsync(host, persona));
        var visit = await FromContextAsync(await browser.NewContextAsync(options), host.Address, api);
        if (showsTimeOfHost)
            await visit.SetClockAsync(host.World);
        await visit.GoToAsync(path);
        return visit;
    }

    /// <summary>Creates a visit in an existing browser context. Does not navigate.</summary>
    internal static async Task<Visit> FromContextAsync(IBrowserContext context, Uri address, Uri? api = null) =>
        new(context, context.Pages.Count > 0 ? context.Pages[0] : await context.NewPageAsync(), address) { Api = api };

    internal Task GoToAsync(string path) => Page.GotoAsync(new Uri(Address, path).AbsoluteUri);

    /// <summary>Sets the browser's clock to the current time of the world. It does not advance.</summary>
    internal Task SetClockAsync(TestWorld world) => Page.Clock.SetFixedTimeAsync(world.Clock.GetUtcNow().UtcDateTime);

    /// <summary>Reloads the page with a new session, after the old session has expired.</summary>
    internal async Task ReloadWithNewSessionAsync(TestHost host, string persona = "rosa")
    {
        await Page.EvaluateAsync("value => localStorage.setItem('devhost', value)", await CreateSessionAsync(host, persona));
        await Page.ReloadAsync();
    }

    /// <summary>Replaces DevHost's host module, starting with the next page.</summary>
    internal Task ReplaceHostModuleAsync(HostModule module) => Page.RouteAsync("**/host.js", route => route.FulfillAsync(new()
    {
        ContentType = "text/javascript",
        Body = $"""
            export const api = "{module.Api}";
            export const leas = async () => {module.Leas};
            export const accessToken = async () => {module.AccessToken};
            export const signIn = async () => {module.SignIn};
            """,
    }));

    /// <summary>Waits until the page has processed the responses received so far, by one further round trip.</summary>
    internal Task WaitUntilProcessedAsync() => Page.EvaluateAsync("""
        async () => {
          await (await fetch("/host.js", { cache: "no-store" })).text();
          await new Promise(resolve => setTimeout(resolve));
        }
        """);

    /// <summary>Dispatches the event for a page that enters the back/forward cache.</summary>
    internal Task DispatchPageHideAsync() => Page.EvaluateAsync("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");

    /// <summary>Dispatches the event for a page that is restored from the back/forward cache.</summary>
    internal Task DispatchPageShowAsync() => Page.EvaluateAsync("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");

    /// <summary>Dispatches the event for a tab that becomes visible again.</summary>
    internal Task DispatchVisibilityChangeAsync() => Page.EvaluateAsync("document.dispatchEvent(new Event('visibilitychange'))");

    /// <summary>Makes the browser deny clipboard access.</summary>
    internal Task DenyClipboardAsync() =>
        Page.EvaluateAsync("() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }");

    /// <summary>Ignores the errors recorded so far, which the test caused on purpose.</summary>
    internal void ClearErrors() => errors.Clear();

    /// <summary>Opens the screen and signs in with DevHost's sign-in dialog.</summary>
    internal async Task SignInAsync(string name)
    {
        await GoToAsync(Screen);
        await PickPersonaAsync(name);
    }

    /// <summary>Picks a persona in DevHost's sign-in dialog.</summary>
    internal Task PickPersonaAsync(string name) =>
        Page.GetByRole(AriaRole.Dialog, new() { Name = "DevHost: who are you?" }).GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();

    internal ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Toggles the checkbox by its label, as users do.</summary>
    internal Task ClickCheckboxAsync() => Page.Locator("label[for=agree]").ClickAsync();

    /// <summary>Chooses in the dialog when the old key stops, by its label, as users do. 0: right away.</summary>
    internal Task ChooseOverlapAsync(int days) =>
        Page.Locator(string.Create(CultureInfo.InvariantCulture, $"label[for=overlap-{days}]")).ClickAsync();

    /// <summary>Opens the dialog of the revocation, enters a reason and confirms.</summary>
    internal async Task RequestRevocationAsync(string reason)
    {
        await Button("Revoke credentials").ClickAsync();
        await Page.GetByLabel("Reason (required)").FillAsync(reason);
        await Button("Yes, Revoke Credentials").ClickAsync();
    }

    /// <summary>Checks the box, clicks the button and confirms.</summary>
    internal async Task RequestGenerationAsync()
    {
        await ClickCheckboxAsync();
        await Page.Locator("#generate").ClickAsync();
        await Page.Locator("#confirm").ClickAsync();
    }

    /// <summary>Generates credentials. Their secret key is then on the screen, masked.</summary>
    internal async Task GenerateAsync()
    {
        await RequestGenerationAsync();
        await Expect(Checkbox).Not.ToBeCheckedAsync(); // stays checked if nothing was generated
        await Expect(Key).ToHaveTextAsync(MaskedKey);
    }

    /// <summary>Generates credentials and shows the secret key.</summary>
    internal async Task<string> GenerateAndShowAsync()
    {
        await GenerateAsync();
        await Page.Locator("#show-key").ClickAsync();
        return await Key.InnerTextAsync();
    }

    /// <summary>Creates a link for a vendor. The dialog then shows it. Returns the link.</summary>
    internal async Task<string> ShareAsync(string vendor, string passphrase = "")
    {
        await Page.Locator("#share").ClickAsync();
        await Page.Locator("#vendor").FillAsync(vendor);
        await Page.Locator("#passphrase").FillAsync(passphrase);
        await Page.Locator("#confirm-share").ClickAsync();
        await Expect(Page.Locator("#created")).ToContainTextAsync(vendor);
        return await Page.Locator("#link").InputValueAsync();
    }

    /// <summary>Enters a passphrase on the page that opens a link.</summary>
    internal async Task EnterPassphraseAsync(string passphrase)
    {
        await Page.Locator("#passphrase").FillAsync(passphrase);
        await Page.Locator("#unlock-button").ClickAsync();
    }

    /// <summary>Removes WebCrypto, starting with the next page, as in an old browser or on a page without HTTPS.</summary>
    internal Task RemoveWebCryptoAsync() => Page.AddInitScriptAsync("delete Crypto.prototype.subtle");

    /// <summary>A masked secret key.</summary>
    internal static string MaskedKey { get; } = new('*', 63);

    /// <summary>Closes the browser context. Fails on unexpected page errors, on missing files and on requests to other origins.</summary>
    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        if (errors.TryDequeue(out var error))
            Assert.Fail(error);
        Assert.DoesNotContain(requests, request => new Uri(request.Url).Authority is var authority && authority != Address.Authority && authority != Api?.Authority);
    }

    private static async Task<string> CreateSessionAsync(TestHost host, string persona)
    {
        var personas = JsonNode.Parse((await host.SendAsync(HttpMethod.Get, "/dev/personas")).Text)!.AsArray();
        return new JsonObject
        {
            ["persona"] = personas.Single(found => (string)found!["id"]! == persona)!.DeepClone(),
            ["token"] = await host.SignInAsync(persona),
        }.ToJsonString();
    }

    private static string StorageState(TestHost host, string session) => JsonSerializer.Serialize(new
    {
        origins = new[]
        {
            new { origin = host.Address.GetLeftPart(UriPartial.Authority), localStorage = new[] { new { name = "devhost", value = session } } },
        },
    });
}
