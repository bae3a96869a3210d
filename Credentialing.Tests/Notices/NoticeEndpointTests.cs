using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Credentialing.Tests.Notices.NoticeDriver;

namespace Credentialing.Tests.Notices;

/// <summary>The emails that follow the requests of coordinators and of TOMS.</summary>
[Kind(TestKind.Storage)]
public sealed partial class NoticeEndpointTests(AzuriteFixture azurite)
{
    private const string Help = "toms-help@toms.example";
    private const string At = "Monday, November 23, 2026 at 12:00 PM Pacific Time";
    private const string AtInSpanish = "lunes 23 de noviembre de 2026 a las 12:00 p.m. hora del Pacífico";
    private const string Until = "Thursday, November 26, 2026 at 12:00 PM Pacific Time";
    private const string UntilInSpanish = "jueves 26 de noviembre de 2026 a las 12:00 p.m. hora del Pacífico";

    private static readonly string[] Others = ["ana@lea.example", "luis@lea.example"];

    /// <summary>The whole life of an LEA's credentials, over HTTP. Rosa makes each change of the credentials.</summary>
    [Fact]
    public async Task Each_change_is_reported_to_the_other_coordinators_in_their_languages()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world);
        await world.SaveAsync(LeaWithThree());
        var seen = 0;

        List<string> keys = [await host.MustGenerateAsync("rosa", TestWorld.Oakland)];
        await AssertNotifiedAsync(
            Others,
            "Rosa Delgado generated SIS vendor credentials",
            ["Rosa Delgado generated the first SIS vendor credentials of Oakland Unified on " + At + ".", "Each vendor needs the username and the secret key. Only Rosa Delgado has seen the key"],
            "Rosa Delgado generó credenciales de proveedores de SIS",
            ["Rosa Delgado generó las primeras credenciales de proveedores de SIS de Oakland Unified el " + AtInSpanish + ".", "Solo Rosa Delgado ha visto la clave"]);

        keys.Add(await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1));
        await AssertNotifiedAsync(
            Others,
            "Rosa Delgado regenerated the SIS vendor credentials",
            ["on " + At + ". Only the new secret key works now.", "Each vendor needs the new secret key to download score reports again. The username stays the same."],
            "Rosa Delgado regeneró las credenciales de proveedores de SIS",
            ["el " + AtInSpanish + ". Ahora solo funciona la nueva clave secreta.", "Cada proveedor necesita la nueva clave secreta para volver a descargar los informes de calificaciones."]);

        keys.Add(await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 2, keepPreviousForDays: 3));
        await AssertNotifiedAsync(
            Others,
            "Rosa Delgado regenerated the SIS vendor credentials",
            ["The old secret key works until " + Until + ".", "Each vendor needs the new secret key before the old one stops."],
            "Rosa Delgado regeneró las credenciales de proveedores de SIS",
            ["La clave secreta anterior funciona hasta el " + UntilInSpanish + ".", "Cada proveedor necesita la nueva clave secreta antes de que deje de funcionar la anterior."]);

        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, "leas/01612590000000/credentials/previous", "rosa", headers: ["If-Match", "\"3\""])).Status);
        await AssertNotifiedAsync(
            Others,
            "Rosa Delgado stopped the old secret key",
            ["Rosa Delgado stopped the old secret key of Oakland Unified on " + At + ". Only the new one works now.", "It needs the new one."],
            "Rosa Delgado desactivó la clave secreta anterior",
            ["Rosa Delgado desactivó la clave secreta anterior de Oakland Unified el " + AtInSpanish + ".", "Necesita la nueva."]);

        await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 3, "A laptop was lost.");
        await AssertNotifiedAsync(
            Others,
            "Rosa Delgado revoked the SIS vendor credentials",
            ["Rosa Delgado revoked the SIS vendor credentials of Oakland Unified on " + At + ". No secret key works any more", "Reason: A laptop was lost.", "generate new credentials on the screen"],
            "Rosa Delgado revocó las credenciales de proveedores de SIS",
            ["Rosa Delgado revocó las credenciales de proveedores de SIS de Oakland Unified el " + AtInSpanish + ".", "Motivo: A laptop was lost.", "genere nuevas credenciales en la pantalla"]);

        await PutAsync(host, LeaWithThree() with { Coordinators = [Ana, TestWorld.Rosa] });
        await AssertNotifiedAsync(
            ["ana@lea.example", "luis@lea.example", "rosa@lea.example"],
            "TOMS changed the coordinators of your LEA",
            ["TOMS changed the coordinators of Oakland Unified on " + At + ". They are now: Ana Núñez, Rosa Delgado.", "Nothing. The credentials have not changed."],
            "TOMS cambió las personas que coordinan su LEA",
            ["TOMS cambió las personas que coordinan Oakland Unified el " + AtInSpanish + ". Ahora son: Ana Núñez, Rosa Delgado.", "Las credenciales no han cambiado."]);

        Assert.Equal(keys.Count, keys.Distinct().Count());
        var written = string.Concat(world.Mail.Notices.Select(send => $"{send.Email.Subject}{send.Email.Text}{send.Email.Html}"))
            + string.Concat((await world.RowsAsync("Leas")).SelectMany(row => row).Select(column => $"{column.Value}"));
        Assert.All(keys, key => Assert.DoesNotContain(key["tsk_".Length..^7], written, StringComparison.OrdinalIgnoreCase));

        async Task AssertNotifiedAsync(string[] recipients, string heading, string[] sentences, string spanishHeading, string[] spanishSentences)
        {
            var notified = await NoticesAsync(world, seen);
            seen += notified.Count;
            Assert.Equal(recipients, notified.SelectMany(email => email.To).Select(to => to.Address).Order(StringComparer.Ordinal));
            Assert.All(notified, email => Assert.Equal(email.To.Count, email.To.DistinctBy(to => to.Address).Count()));
            Assert.Equal(["ana@lea.example"], notified.Where(email => email.Language is Language.Spanish).SelectMany(email => email.To).Select(to => to.Address));
            var by = heading.Split(' ')[0] is "TOMS" ? "TOMS" : "Rosa Delgado";
            Assert.All(notified, email =>
            {
                var isEnglish = email.Language is Language.English;
                Assert.Equal($"Oakland Unified: {(isEnglish ? heading : spanishHeading)}", email.Subject);
                Assert.Contains($"<h1>{(isEnglish ? heading : spanishHeading)}</h1>", email.Html, StringComparison.Ordinal);
                Assert.Contains($"<html lang=\"{(isEnglish ? "en" : "es")}\">", email.Html, StringComparison.Ordinal);
                string[] common = isEnglish
                    ? ["Was this not agreed?", $"Contact {Help} at once. Ask {by}.", "What your vendors must do", "We never send a secret key by email"]
                    : ["¿Esto no estaba acordado?", $"Comuníquese de inmediato con {Help}. Pregunte a {by}.", "Qué deben hacer sus proveedores", "Nunca enviamos claves secretas"];
                foreach (var body in Bodies(email))
                {
                    Assert.All([.. common, .. isEnglish ? sentences : spanishSentences], sentence => Assert.Contains(sentence, body, StringComparison.OrdinalIgnoreCase));
                    Assert.Equal(heading.Contains("revoked", StringComparison.Ordinal), Reason().IsMatch(body));
                    Assert.Contains("https://toms.example/credentialing", body, StringComparison.Ordinal);
                }
            });
        }
    }

    [Fact]
    public async Task Names_and_reasons_with_HTML_Liquid_or_markup_are_only_text()
    {
        const string Hostile = "<b>O'Brien</b> {{ link }} {% raw %} **x** [y] & \"Sons\"";
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world);
        await world.SaveAsync(new Lea(TestWorld.Oakland, Hostile, [Ana with { Name = Hostile }, TestWorld.Luis, TestWorld.Rosa]));
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var generated = await NoticesAsync(world, 0);

        await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 1, Hostile);
        var revoked = await NoticesAsync(world, generated.Count);
        await PutAsync(host, new Lea(TestWorld.Oakland, Hostile, [Ana with { Name = Hostile }, TestWorld.Luis]));
        var changed = await NoticesAsync(world, generated.Count + revoked.Count);

        Assert.All(revoked, email => Assert.Contains($"{(email.Language is Language.English ? "Reason" : "Motivo")}: {Hostile}\n", email.Text, StringComparison.Ordinal));
        Assert.All(changed, email => Assert.Contains($": {Hostile}, Luis Ortega.", email.Text, StringComparison.Ordinal));
        Assert.All(revoked.Concat(changed), email =>
        {
            Assert.StartsWith($"{Hostile}: ", email.Subject, StringComparison.Ordinal);
            Assert.DoesNotContain("<b>", email.Html, StringComparison.Ordinal);
            Assert.True(Regex.Count(email.Html, Regex.Escape("&lt;b&gt;O&#x27;Brien&lt;/b&gt; {{ link }} {% raw %} **x** [y] &amp; &quot;Sons&quot;")) >= 2);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_another_coordinator_there_is_no_notice_no_index_entry_and_no_email(bool isRegistered)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world);
        if (isRegistered)
            await PutAsync(host, new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]));

        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 1);
        await host.SendAsync(HttpMethod.Delete, "leas/01612590000000/credentials/previous", "rosa", headers: ["If-Match", "\"2\""]);
        await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 2);

        Assert.Empty(await PendingAsync(world));
        Assert.Equal(["2027-11-23"], (await world.RowsAsync("Expirations")).Select(row => row.PartitionKey));
        Assert.Empty(world.Mail.Notices);
        Assert.DoesNotContain(await world.AuditEventsAsync(TestWorld.Oakland), row => row.GetString("Kind").StartsWith("notice", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_revocation_by_TOMS_is_reported_to_all_coordinators()
    {
        await using var world = await CreateAsync(azurite);
        await using var host = await StartAsync(world);
        var before = world.Mail.Notices.Count;

        await host.MustRevokeAsync("toms", TestWorld.Oakland, seenGeneration: 1);

        var notified = await NoticesAsync(world, before);
        Assert.Equal(["ana@lea.example", "luis@lea.example", "rosa@lea.example"], Delivered(world, before));
        Assert.All(notified, email => Assert.StartsWith("Oakland Unified: TOMS revo", email.Subject, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_that_several_coordinators_have_gets_one_email_and_a_coordinator_without_address_none()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world);
        await world.SaveAsync(LeaWithThree() with { Coordinators = [Ana, TestWorld.Luis, TestWorld.Luis with { Id = "luis2", Email = "LUIS@lea.example", Language = Language.Spanish }, Ana with { Id = "none", Email = null }] });

        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        await NoticesAsync(world, 0);
        Assert.Equal(Others, Delivered(world));
    }

    [Fact]
    public async Task The_response_does_not_wait_for_the_mail_service_and_does_not_depend_on_it()
    {
        await using var world = await CreateAsync(azurite);
        await using var host = await StartAsync(world);
        var before = world.Mail.Notices.Count;
        var sending = world.ExternalCalls.BlockAt(ExternalService.Mail);

        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        await sending.Reached;

        Assert.Equal(before, world.Mail.Notices.Count);
        Assert.Single(await PendingAsync(world));
        var preview = (await host.SendAsync(HttpMethod.Get, "reminders/preview", "toms")).Json.GetProperty("leas");
        Assert.Equal(1, Assert.Single(preview.EnumerateArray()).GetProperty("notices").GetInt32());
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).Status);
        sending.Open();
        await NoticesAsync(world, before);
        Assert.Equal(Others, Delivered(world, before));
    }

    /// <summary>Waits until the notices have been sent and recorded. Returns the emails after the first ones.</summary>
    private static async Task<IReadOnlyList<Email>> NoticesAsync(TestWorld world, int skip)
    {
        await Eventually.IsTrueAsync(async () => (await PendingAsync(world)).Count == 0);
        return [.. world.Mail.Notices.Skip(skip).Select(send => send.Email)];
    }

    private static async Task PutAsync(TestHost host, Lea lea)
    {
        var body = JsonSerializer.Serialize(new
        {
            name = lea.Name,
            coordinators = lea.Coordinators.Select(coordinator => new { id = coordinator.Id, name = coordinator.Name, email = coordinator.Email, language = LanguageTag.Of(coordinator.Language) }),
        });
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Put, string.Create(CultureInfo.InvariantCulture, $"leas/{lea.Id}"), "toms", TestHost.Json(body))).Status);
    }

    private static Task<TestHost> StartAsync(TestWorld world) => TestHost.StartAsync(world, builder => builder.Services
        .AddSingleton(new CredentialingScreen(new Uri("https://toms.example/credentialing")))
        .AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"), new Uri("https://toms.example/vendors"), Help)));

    /// <summary>The visible text of both bodies, with single spaces.</summary>
    private static string[] Bodies(Email email) => [Spaces().Replace(email.Text, " "), Spaces().Replace(WebUtility.HtmlDecode(Tags().Replace(email.Html, "")), " ")];

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex("Reason: |Motivo: ")]
    private static partial Regex Reason();
}
