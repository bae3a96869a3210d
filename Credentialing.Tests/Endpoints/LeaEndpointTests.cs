using System.Net;
using System.Text.Json;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class LeaEndpointTests(AzuriteFixture azurite)
{
    private const string Lea = "leas/01612590000000";

    [Theory]
    [InlineData("a.@x.example")]
    [InlineData("a@x.example.")]
    [InlineData("a@district")]
    [InlineData("a@x.example\u200B")]
    [InlineData("\"a b\"@x.example")]
    [InlineData("a@[192.0.2.1]")]
    [InlineData("a@x_y.example")]
    public async Task PUT_with_an_address_that_cannot_get_mail_returns_422_with_the_coordinator_and_changes_nothing(string address)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        var response = await PutAsync(host, "Rosa Delgado", address);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid-lea"), (response.Status, response.ProblemType));
        Assert.Contains("coordinator rosa ", response.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u200B")]
    [InlineData("Rosa\r\nBcc: eve@x.example")]
    public async Task PUT_with_a_coordinator_without_a_printable_name_returns_422_with_the_coordinator(string name)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        var response = await PutAsync(host, name, "rosa@x.example");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid-lea"), (response.Status, response.ProblemType));
        Assert.Contains("coordinator rosa ", response.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PUT_stores_names_as_one_line_of_printable_text_and_addresses_as_they_are()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(host, " Rosa\u2028\u202E  Delgado", "josé@bücher.example")).Status);

        var row = Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey == "coordinator:rosa");
        Assert.Equal(("Rosa Delgado", "josé@bücher.example"), (row["Name"], row["Email"]));
    }

    [Fact]
    public async Task GET_returns_the_language_of_the_PUT_and_English_is_the_default()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        foreach (var (member, language) in ((string, string)[])[("", "en"), (@",""language"":""es""", "es"), (@",""language"":null", "en"), (@",""language"":""en""", "en")])
        {
            Assert.Equal(HttpStatusCode.NoContent, (await PutJsonAsync(host, member)).Status);

            var response = await host.SendAsync(HttpMethod.Get, Lea, "toms");
            Assert.Equal(language, Assert.Single(response.Json.GetProperty("coordinators").EnumerateArray()).GetProperty("language").GetString());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("EN")]
    [InlineData("es-MX")]
    [InlineData("fr")]
    [InlineData(" es")]
    [InlineData("es\u0000")]
    [InlineData("Spanish")]
    [InlineData("1")]
    public async Task PUT_with_an_unknown_language_returns_422_with_the_coordinator_and_changes_nothing(string language)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        var response = await PutJsonAsync(host, $",\"language\":{JsonSerializer.Serialize(language)}");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid-lea"), (response.Status, response.ProblemType));
        Assert.Equal(
            "The \"language\" of coordinator rosa must be \"en\" or \"es\". Nothing was changed.", response.Json.GetProperty("detail").GetString());
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("[\"es\"]")]
    [InlineData("\"es\",\"language\":\"en\"")]
    public async Task PUT_with_a_language_that_is_not_one_string_returns_400(string language)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        var response = await PutJsonAsync(host, $",\"language\":{language}");

        Assert.Equal((HttpStatusCode.BadRequest, "malformed-json"), (response.Status, response.ProblemType));
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    private static async Task<ApiResponse> PutAsync(TestHost host, string name, string email)
    {
        using var content = TestHost.Json(JsonSerializer.Serialize(new { name = "Oakland Unified", coordinators = new[] { new { id = "rosa", name, email } } }));
        return await host.SendAsync(HttpMethod.Put, Lea, "toms", content);
    }

    /// <summary>Saves an LEA with one coordinator.</summary>
    /// <param name="host">The API.</param>
    /// <param name="members">Further members of the coordinator.</param>
    private static async Task<ApiResponse> PutJsonAsync(TestHost host, string members)
    {
        using var content = TestHost.Json($$"""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa","email":"rosa@x.example"{{members}}}]}""");
        return await host.SendAsync(HttpMethod.Put, Lea, "toms", content);
    }
}
