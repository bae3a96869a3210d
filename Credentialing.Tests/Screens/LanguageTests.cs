using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

[Kind(TestKind.Browser)]
public sealed class LanguageTests(AzuriteFixture azurite, BrowserFixture browser)
{
    [Theory]
    [InlineData("en-GB", "No credentials have been generated.")]
    [InlineData("es-MX", "No se han generado credenciales.")]
    [InlineData("fr-FR", "No credentials have been generated.")]
    public async Task The_screens_use_the_language_of_the_browser(string locale, string notice)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { Locale = locale });
        await Expect(visit.Notice).ToContainTextAsync(notice);
    }

    [Fact]
    public async Task A_language_switch_is_kept_and_changes_only_the_language()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        var key = await visit.GenerateAndShowAsync();
        await visit.ClickCheckboxAsync();

        await visit.Button("Español").ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync("Las credenciales actuales vencen en 365 días.");
        await Expect(visit.Page).ToHaveTitleAsync("Credenciales de proveedores de SIS · TOMS");
        await Expect(visit.Key).ToHaveTextAsync(key);
        await Expect(visit.Checkbox).ToBeCheckedAsync();
        await Expect(visit.Button("Regenerar credenciales")).ToBeVisibleAsync();
        await Expect(visit.Button("OCULTAR CLAVE SECRETA")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#expires")).ToHaveTextAsync("martes, 23 de noviembre de 2027, 12:00 p.m. hora del Pacífico");

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Inicio de MyTOMS" }).ClickAsync();
        await Expect(visit.NoAnnouncements).ToHaveTextAsync("No hay avisos.");
        await visit.Button("English").ClickAsync();
        await Expect(visit.NoAnnouncements).ToHaveTextAsync("There are no announcements.");
        await visit.Page.ReloadAsync();
        await Expect(visit.NoAnnouncements).ToHaveTextAsync("There are no announcements.");
    }

    [Fact]
    public async Task Without_local_storage_the_browser_language_is_used()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank", options: new() { Locale = "es-US" });
        await visit.ReplaceHostModuleAsync(new(AccessToken: $"'{await host.SignInAsync("rosa")}'"));
        await visit.Page.AddInitScriptAsync("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })");
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Notice).ToContainTextAsync("No se han generado credenciales.");
        await visit.Button("English").ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
    }

    [Fact]
    public async Task The_language_does_not_change_if_the_texts_cannot_be_loaded()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        await visit.Page.RouteAsync("**/es-*.js", route => route.AbortAsync());
        await visit.Page.RunAndWaitForRequestAsync(() => visit.Button("Español").ClickAsync(), "**/es-*.js");
        await visit.ClickCheckboxAsync();
        await Expect(visit.Button("Regenerate Credentials")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#expires")).ToHaveTextAsync("Tuesday, November 23, 2027 at 12:00 PM Pacific Time");
        await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await visit.Page.UnrouteAsync("**/es-*.js");
    }

    [Fact]
    public async Task A_page_falls_back_to_the_other_language_if_its_texts_cannot_be_loaded()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank", options: new() { Locale = "es-US" });
        await visit.Page.RouteAsync("**/es-*.js", route => route.AbortAsync());
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");
    }

    [Fact]
    public async Task A_language_switch_translates_the_current_message()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.ChangedByColleague.OpenAsync(browser, host);
        await visit.Button("Español").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("Entretanto se generaron nuevas credenciales.");
        await Expect(visit.Message).ToContainTextAsync("Luis Ortega ya generó nuevas credenciales (lunes, 23 de noviembre de 2026, 12:00 p.m. hora del Pacífico), así que aquí no se cambió nada. Pida la clave secreta a Luis Ortega. Si usted las regenera, esa clave deja de funcionar.");
    }

    /// <summary>The TypeScript compiler checks that both languages have the same texts.</summary>
    [Fact]
    public async Task Both_languages_have_the_same_placeholders()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>("""
            async files => {
              const [en, es] = await Promise.all(files.map(async file => (await import(file)).default));
              const values = text => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort().join();
              const differing = (one, another, path) => Object.keys(one).flatMap(name =>
                typeof one[name] === "string" || "other" in one[name]
                  ? values(one[name]) === values(another[name]) ? [] : [`${path}${name}`]
                  : differing(one[name], another[name], `${path}${name}.`));
              return differing(en, es, "");
            }
            """, new[] { BuiltSite.TextsOf("en"), BuiltSite.TextsOf("es") }));
    }
}
