using System.Net;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using Calendar = Ical.Net.Calendar;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class CalendarFileTests(AzuriteFixture azurite)
{
    private const string CalendarFile = "leas/01612590000000/credentials/calendar";

    [Theory]
    [InlineData("", "Oakland Unified: SIS vendor credentials expire at 12:00 PM Pacific Time")]
    [InlineData("?language=en", "Oakland Unified: SIS vendor credentials expire at 12:00 PM Pacific Time")]
    [InlineData("?language=es", "Oakland Unified: las credenciales de proveedores de SIS vencen a las 12:00 p.m. hora del Pacífico")]
    public async Task Coordinators_download_a_calendar_file_with_the_expiry_date(string query, string summary)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []), "toms", TestContext.Current.CancellationToken);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        var response = await host.SendAsync(HttpMethod.Get, CalendarFile + query, "luis");

        Assert.Equal(HttpStatusCode.OK, response.Status);
        Assert.Equal("text/calendar; charset=utf-8", response.ContentHeaders.ContentType!.ToString());
        Assert.Equal("attachment; filename=sis-vendor-credentials-01612590000000.ics", response.ContentHeaders.ContentDisposition!.ToString().Split("; filename*")[0]);
        var expiry = Assert.Single(Calendar.Load(response.Text)!.Events);
        Assert.Equal((summary, new DateOnly(2027, 11, 23)), (expiry.Summary, expiry.Start!.Date));
        Assert.StartsWith("sis-vendor-credentials-01612590000000-1@", expiry.Uid, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("revoked")]
    [InlineData("expired")]
    public async Task There_is_no_calendar_file_without_valid_credentials(string state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        if (state != "none")
            await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        if (state == "revoked")
            await host.MustRevokeAsync("rosa", TestWorld.Oakland, 1);
        if (state == "expired")
            world.Clock.Advance(TimeSpan.FromDays(365));

        var response = await host.SendAsync(HttpMethod.Get, CalendarFile, "rosa");

        Assert.Equal((HttpStatusCode.NotFound, "no-valid-credentials"), (response.Status, response.ProblemType));
    }

    [Theory]
    [InlineData("fr")]
    [InlineData("ES")]
    [InlineData("")]
    [InlineData("en&language=es")]
    public async Task A_language_without_texts_is_refused(string language)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        var response = await host.SendAsync(HttpMethod.Get, $"{CalendarFile}?language={language}", "rosa");

        Assert.Equal((HttpStatusCode.BadRequest, "invalid-language"), (response.Status, response.ProblemType));
    }
}
