using System.Net;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Http;

/// <summary>The help contact in problem details.</summary>
[Kind(TestKind.Storage)]
public sealed class HelpContactTests(AzuriteFixture azurite)
{
    private const string Help = "toms-help@toms.example";

    [Theory]
    [InlineData("GET", "leas/01612590000000/credentials", HttpStatusCode.ServiceUnavailable)]
    [InlineData("GET", "health/ready", HttpStatusCode.ServiceUnavailable)]
    [InlineData("POST", "v1/token", HttpStatusCode.ServiceUnavailable)]
    public async Task A_503_contains_the_help_contact(string method, string path, HttpStatusCode status)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world, Help);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        using var form = method == "POST" ? new FormUrlEncodedContent([new("grant_type", "client_credentials")]) : null;
        string[] headers = path == "v1/token" ? ["Authorization", ApiHost.Basic(TestWorld.Oakland, key)] : [];

        var response = await host.SendAsync(new HttpMethod(method), path, headers.Length == 0 ? "rosa" : null, form, headers);

        Assert.Equal(status, response.Status);
        Assert.Equal(Help, response.Json.GetProperty("help").GetString());
    }

    [Fact]
    public async Task A_500_and_a_403_contain_the_help_contact()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world, Help);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("01612590000000", "credential"), TestContext.Current.CancellationToken);
        foreach (var (persona, status) in (IEnumerable<(string, HttpStatusCode)>)[("rosa", HttpStatusCode.InternalServerError), ("bea", HttpStatusCode.Forbidden)])
        {
            var response = await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", persona);
            Assert.Equal(status, response.Status);
            Assert.Equal(Help, response.Json.GetProperty("help").GetString());
        }
    }

    /// <summary>The caller can correct these, or the LEA's coordinator can.</summary>
    [Theory]
    [InlineData("leas/01612590000000/credentials", null, HttpStatusCode.Unauthorized)]
    [InlineData("leas/oakland/credentials", "rosa", HttpStatusCode.BadRequest)]
    [InlineData("v1/credential", null, HttpStatusCode.Unauthorized)]
    public async Task Other_problems_do_not_contain_the_help_contact(string path, string? persona, HttpStatusCode status)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world, Help);
        var response = await host.SendAsync(HttpMethod.Get, path, persona);
        Assert.Equal(status, response.Status);
        Assert.False(response.Json.TryGetProperty("help", out _));
    }

    [Fact]
    public async Task Without_the_setting_no_problem_contains_help()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world, help: null);
        var response = await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "bea");
        Assert.Equal(HttpStatusCode.Forbidden, response.Status);
        Assert.False(response.Json.TryGetProperty("help", out _));
    }

    [Fact]
    public async Task The_credentials_contain_the_addresses_for_vendors_and_the_help_contact()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await StartAsync(world, Help);
        var generated = (await host.GenerateAsync("rosa", TestWorld.Oakland)).Json;
        var read = (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).Json;
        foreach (var credentials in (IEnumerable<System.Text.Json.JsonElement>)[generated, read])
        {
            Assert.Equal("""{"baseUrl":"https://toms.example/api/v1","guideUrl":"https://toms.example/vendors"}""", credentials.GetProperty("vendors").GetRawText());
            Assert.Equal(Help, credentials.GetProperty("help").GetString());
        }
    }

    private static Task<TestHost> StartAsync(TestWorld world, string? help) => TestHost.StartAsync(world, builder =>
        builder.Services.AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"), new Uri("https://toms.example/vendors"), help)));
}
