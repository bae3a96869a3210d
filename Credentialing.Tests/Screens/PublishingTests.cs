using System.Diagnostics;
using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Delivery of the screens: round trips, security headers, hosting location. See also <see cref="TransferBudgetTests"/>.</summary>
[Kind(TestKind.Browser)]
public sealed partial class PublishingTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private static readonly string Web = Path.Combine(ProjectFolder.Root, "web");

    /// <summary>
    /// After the page: one round trip for all files that its HTML references, one for the texts and the state. The responses of a round
    /// trip are held until all its requests have been made, so a page that needs a third round trip would never finish.
    /// </summary>
    [Theory]
    [InlineData(Visit.Screen, "/api/leas/01612590000000/credentials", "/api/leas/01612590130617/credentials")]
    [InlineData(Visit.Home, "/api/leas/01612590000000/announcements", "/api/leas/01612590130617/announcements")]
    public async Task The_state_is_shown_two_round_trips_after_the_page(string path, string first, string second)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("luis", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(360));
        await using var visit = await Visit.OpenAsync(browser, host, "luis", path: "about:blank");
        var page = new Uri(host.Address, path);
        var files = ReferencedFile().Matches(await host.Client.GetStringAsync(page, TestContext.Current.CancellationToken))
            .Select(match => new Uri(page, match.Groups["file"].Value).AbsolutePath);
        var roundTrips = new[] { new RoundTrip(files), new RoundTrip(path == Visit.Home ? [BuiltSite.TextsOf("en"), first, second] : [BuiltSite.TextsOf("en"), first]) };
        await visit.Page.RouteAsync("**/*", async route =>
        {
            var url = new Uri(route.Request.Url);
            if (roundTrips.FirstOrDefault(candidate => candidate.Has(url.AbsolutePath)) is { } roundTrip)
                await roundTrip.HoldAsync(url.AbsolutePath);
            else if (url != page && Path.GetExtension(url.AbsolutePath) is not (".woff2" or ".svg") && !url.AbsolutePath.StartsWith("/dev/", StringComparison.Ordinal))
                return; // no response: only fonts and images may take a third round trip
            await route.ContinueAsync();
        });

        await visit.Page.GotoAsync(page.AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });

        await Expect(visit.Page.Locator(".usa-alert").First).ToContainTextAsync("expire in 5 days");
        Assert.All(roundTrips, roundTrip => Assert.True(roundTrip.IsComplete));
    }

    [Fact]
    public async Task Every_file_has_the_headers_of_the_published_site()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        foreach (var file in (string[])[.. BuiltSite.Files, "", "credentialing/", "host.js"])
        {
            using var response = await host.Client.GetAsync(new Uri($"/{file}", UriKind.Relative), TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            Assert.Equal(
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
                "base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
                Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
            Assert.Equal("same-origin-allow-popups", Assert.Single(response.Headers.GetValues("Cross-Origin-Opener-Policy")));
            Assert.Equal("clipboard-write=(self), camera=(), geolocation=(), microphone=()", Assert.Single(response.Headers.GetValues("Permissions-Policy")));
        }
    }

    [Theory]
    [InlineData("/api/leas/01612590000000/credentials", false)]
    [InlineData("/credentialing/", true)]
    [InlineData("/host.js", true)]
    public async Task Static_files_are_compressed_and_API_responses_are_not(string path, bool compressed)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.AcceptEncoding.ParseAdd("br");
        request.Headers.Authorization = new("Bearer", await host.SignInAsync("rosa"));
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(compressed, response.Content.Headers.ContentEncoding.Count > 0);
    }

    [Fact]
    public async Task Requests_to_the_API_have_no_cookies()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Context.AddCookiesAsync([new() { Name = "of", Value = "TOMS", Url = host.Address.AbsoluteUri }]);
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        var request = visit.Requests.Single(request => request.Url.EndsWith("/credentials", StringComparison.Ordinal));
        Assert.DoesNotContain("cookie", (await request.AllHeadersAsync()).Keys);
    }

    [Theory]
    [InlineData("(() => { const script = document.createElement('script'); script.textContent = 'window.ran = true'; document.body.append(script); })()")]
    [InlineData("document.body.innerHTML = '<img src=x onerror=\"window.ran = true\">'")]
    [InlineData("(() => { const script = document.createElement('script'); script.src = 'https://other.example/x.js'; document.body.append(script); })()")]
    [InlineData("document.body.setAttribute('onclick', 'window.ran = true'); document.body.click()")]
    public async Task Injected_scripts_do_not_run(string script)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        await visit.Page.EvaluateAsync("() => { window.violation = new Promise(resolve => addEventListener('securitypolicyviolation', () => resolve(true))); }");

        if (await Record.ExceptionAsync(() => visit.Page.EvaluateAsync(script)) is null)
            await visit.Page.EvaluateAsync<bool>("violation");

        Assert.False(await visit.Page.EvaluateAsync<bool>("window.ran === true"));
        visit.ClearErrors();
    }

    [Fact]
    public async Task Names_are_inserted_as_text()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(360));
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        const string Name = "<b>Oakland</b> {time} & \"Sons\"";
        await visit.ReplaceHostModuleAsync(new(Leas: $"[{{ id: '{TestWorld.Oakland}', name: `{Name}` }}]", AccessToken: $"'{await host.SignInAsync("rosa")}'"));

        await visit.GoToAsync(Visit.Home);
        await Expect(visit.Page.Locator("#announcements")).ToContainTextAsync($"The SIS vendor credentials of {Name} expire in 5 days");
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync(Name);
    }

    [Fact]
    public async Task The_site_can_be_in_a_folder_of_another_site()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton<IStartupFilter>(new MiddlewareFilter(app => app.UsePathBase("/screens"))));
        await using var visit = await Visit.OpenAsync(browser, host, path: "screens/");
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Credentialing", Exact = true }).ClickAsync();
        await Expect(visit.Page).ToHaveURLAsync(new Uri(host.Address, "screens/credentialing/").AbsoluteUri);
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        Assert.Equal(["/screens/"], visit.Requests.Select(request => Folder().Match(new Uri(request.Url).AbsolutePath).Value).Where(folder => folder is not ("/api/" or "/dev/")).Distinct());
    }

    /// <summary>As on Azure: the site and the API have different origins. The API's CORS policy allows the site's origin.</summary>
    [Fact]
    public async Task The_API_can_have_another_origin_than_the_site()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var origin = "";
        await using var api = await TestHost.StartAsync(world, builder => builder.Services
            .AddCors()
            .AddSingleton<IStartupFilter>(new MiddlewareFilter(app => app.UseCors(cors => cors.SetIsOriginAllowed(requestOrigin => requestOrigin == origin).AllowAnyHeader().AllowAnyMethod()))));
        await using var site = await TestHost.StartAsync(world, builder => builder.Services
            .AddSingleton<IStartupFilter>(new MiddlewareFilter(app => app.Use((context, next) =>
            {
                var headers = context.Response.Headers;
                context.Response.OnStarting(() =>
                {
                    headers.ContentSecurityPolicy = headers.ContentSecurityPolicy.ToString().Replace("connect-src 'self'", $"connect-src 'self' {api.Address}", StringComparison.Ordinal);
                    return Task.CompletedTask;
                });
                return next(context);
            }))));
        origin = site.Address.GetLeftPart(UriPartial.Authority);
        var token = await api.SignInAsync("rosa");
        await using var visit = await Visit.OpenAsync(browser, site, path: "about:blank", api: api.Address);
        await visit.ReplaceHostModuleAsync(new(AccessToken: $"'{token}'", Api: $"{api.Address}api/"));

        await visit.GoToAsync(Visit.Screen);
        await visit.GenerateAsync();
        await visit.GenerateAsync(); // with the ETag of the first generation
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
    }

    [Fact]
    public async Task The_TypeScript_compiler_finds_no_error()
    {
        var check = await ProcessResult.RunAsync(new ProcessStartInfo("node", [Path.Combine(Web, "node_modules", "typescript", "bin", "tsc"), "--project", Web]));
        Assert.Equal(new ProcessResult(0, "", ""), check);
    }

    [GeneratedRegex("""<(?:link rel="(?:stylesheet|modulepreload)" href|script type="module" src)="(?<file>[^"]+)""")]
    private static partial Regex ReferencedFile();

    [GeneratedRegex("^/[^/]+/")]
    private static partial Regex Folder();

    /// <summary>Requests whose responses are held until all of them have been made.</summary>
    private sealed class RoundTrip(IEnumerable<string> paths)
    {
        private readonly HashSet<string> all = [.. paths];
        private readonly HashSet<string> requested = [];
        private readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsComplete => complete.Task.IsCompleted;

        public bool Has(string path) => all.Contains(path);

        public Task HoldAsync(string path)
        {
            lock (requested)
            {
                requested.Add(path);
                if (requested.Count == all.Count)
                    complete.TrySetResult();
            }

            return complete.Task;
        }
    }
}
