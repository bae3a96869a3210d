using System.Net;
using System.Text.Json;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class LeaEndpointTests(AzuriteFixture azurite)
{
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

    private static async Task<ApiResponse> PutAsync(TestHost host, string name, string email)
    {
        using var content = TestHost.Json(JsonSerializer.Serialize(new { name = "Oakland Unified", coordinators = new[] { new { id = "rosa", name, email } } }));
        return await host.SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", content);
    }
}
