using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>What a host other than DevHost's provides: expressions in JavaScript.</summary>
internal sealed record HostModule(
    string Leas = "[{ id: '01612590000000', name: 'Oakland Unified' }]", string AccessToken = "''", string SignIn = "undefined", string Api = "/api/");

/// <summary>Somebody at the screens, in a browser session of their own, signed in.</summary>
internal sealed class Visit : IAsyncDisposable
{
    internal const string Screen = "credentialing/";
    internal const string Home = "";

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

    /// <summary>Where the API is, if it is not where the screens are.</summary>
    internal Uri? Api { get; init; }

    /// <summary>All that the console of the browser has got.</summary>
    internal IEnumerable<string> Console => console;

    /// <summary>All that was asked for, from anybody.</summary>
    internal IEnumerable<IRequest> Requests => requests;

    /// <summary>How often credentials were asked to be generated.</summary>
    internal int Generations => requests.Count(request => request is { Method: "POST" } && request.Url.EndsWith("/credentials", StringComparison.Ordinal));

    internal ILocator Box => Page.GetByRole(AriaRole.Checkbox);

    internal ILocator Dialog => Page.GetByRole(AriaRole.Dialog, new() { Name = "Proceed with generating credentials?" });

    /// <summary>What the page has to say about what went wrong, or was not as expected.</summary>
    internal ILocator Message => Page.Locator("#message");

    /// <summary>What MyTOMS Home says where it has nothing to announce.</summary>
    internal ILocator NoAnnouncements => Page.Locator("#none");

    /// <summary>The state of the credentials.</summary>
    internal ILocator Notice => Page.Locator("#notice");

    /// <summary>Where the secret key is, or the stars that stand for it.</summary>
    internal ILocator Key => Page.Locator("#secret-key");

    internal ILocator Username => Page.Locator("#username");

    /// <summary>Opens a page, signed in as a persona, or as nobody yet.</summary>
    internal static async Task<Visit> OpenAsync(
        BrowserFixture browser, TestHost host, string? persona = "rosa", string path = Screen, BrowserNewContextOptions? options = null, Uri? api = null)
    {
        options ??= new();
        options.Locale ??= "en-US";
        if (persona is not null)
            options.StorageState = StorageState(host, await SignedInAsync(host, persona));
        var visit = await OfAsync(await browser.NewContextAsync(options), host.Address, api);
        await visit.GoToAsync(path);
        return visit;
    }

    /// <summary>A visit in a browser session that there is already; nothing is opened yet.</summary>
    internal static async Task<Visit> OfAsync(IBrowserContext context, Uri address, Uri? api = null) =>
        new(context, context.Pages.Count > 0 ? context.Pages[0] : await context.NewPageAsync(), address) { Api = api };

    internal Task GoToAsync(string path) => Page.GotoAsync(new Uri(Address, path).AbsoluteUri);

    /// <summary>Comes back to the page after some time, which has ended the session, with a new one.</summary>
    internal async Task ReturnAsync(TestHost host, string persona = "rosa")
    {
        await Page.EvaluateAsync("value => localStorage.setItem('devhost', value)", await SignedInAsync(host, persona));
        await Page.ReloadAsync();
    }

    /// <summary>Has another host than DevHost provide the session, from the next page on.</summary>
    internal Task HostAsync(HostModule host) => Page.RouteAsync("**/host.js", route => route.FulfillAsync(new()
    {
        ContentType = "text/javascript",
        Body = $"""
            export const api = "{host.Api}";
            export const leas = async () => {host.Leas};
            export const accessToken = async () => {host.AccessToken};
            export const signIn = async () => {host.SignIn};
            """,
    }));

    /// <summary>Until the page has dealt with what it has been answered so far: it reads something else in the meantime.</summary>
    internal Task SettleAsync() => Page.EvaluateAsync("""
        async () => {
          await (await fetch("/scripts/site.js", { cache: "no-store" })).text();
          await new Promise(resolve => setTimeout(resolve));
        }
        """);

    /// <summary>What the browser tells a page that is left, and may come back.</summary>
    internal Task LeaveAsync() => Page.EvaluateAsync("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");

    /// <summary>What it tells one that comes back.</summary>
    internal Task ComeBackAsync() => Page.EvaluateAsync("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");

    /// <summary>What the browser tells the page when somebody comes back to its tab.</summary>
    internal Task LookAgainAsync() => Page.EvaluateAsync("document.dispatchEvent(new Event('visibilitychange'))");

    /// <summary>Has the browser allow no copying.</summary>
    internal Task RefuseCopyingAsync() =>
        Page.EvaluateAsync("() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }");

    /// <summary>Lets pass what went wrong so far: a test wanted it to.</summary>
    internal void ForgiveErrors() => errors.Clear();

    /// <summary>Opens the screen, and signs in where DevHost asks who one is.</summary>
    internal async Task SignInAsync(string name)
    {
        await GoToAsync(Screen);
        await PickAsync(name);
    }

    /// <summary>Says who one is, where DevHost asks.</summary>
    internal Task PickAsync(string name) =>
        Page.GetByRole(AriaRole.Dialog, new() { Name = "DevHost: who are you?" }).GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();

    internal ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Checks the box, or unchecks it, as people do: by its label.</summary>
    internal Task ClickBoxAsync() => Page.Locator("label[for=agree]").ClickAsync();

    /// <summary>Checks the box, presses the button, and says yes.</summary>
    internal async Task AskToGenerateAsync()
    {
        await ClickBoxAsync();
        await Page.Locator("#generate").ClickAsync();
        await Page.Locator("#confirm").ClickAsync();
    }

    /// <summary>Generates credentials, whose secret key is on the screen then, hidden.</summary>
    internal async Task GenerateAsync()
    {
        await AskToGenerateAsync();
        await Expect(Box).Not.ToBeCheckedAsync(); // it stays checked if nothing was generated
        await Expect(Key).ToHaveTextAsync(Hidden);
    }

    /// <summary>Generates credentials and has a look at the secret key.</summary>
    internal async Task<string> GenerateAndShowAsync()
    {
        await GenerateAsync();
        await Page.Locator("#show-key").ClickAsync();
        return await Key.InnerTextAsync();
    }

    /// <summary>What a hidden secret key looks like.</summary>
    internal static string Hidden { get; } = new('*', 63);

    /// <summary>Ends it. Nothing may have gone wrong unnoticed, and nobody else may have been asked for anything.</summary>
    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        if (errors.TryDequeue(out var error))
            Assert.Fail(error);
        Assert.DoesNotContain(requests, request => new Uri(request.Url).Authority is var asked && asked != Address.Authority && asked != Api?.Authority);
    }

    private static async Task<string> SignedInAsync(TestHost host, string persona)
    {
        var personas = JsonNode.Parse((await host.SendAsync(HttpMethod.Get, "/dev/personas")).Text)!.AsArray();
        return new JsonObject
        {
            ["persona"] = personas.Single(found => (string)found!["id"]! == persona)!.DeepClone(),
            ["token"] = await host.SignInAsync(persona),
        }.ToJsonString();
    }

    private static string StorageState(TestHost host, string signedIn) => JsonSerializer.Serialize(new
    {
        origins = new[]
        {
            new { origin = host.Address.GetLeftPart(UriPartial.Authority), localStorage = new[] { new { name = "devhost", value = signedIn } } },
        },
    });
}
