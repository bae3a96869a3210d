using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Credentialing.Core.Announcements;
using Credentialing.Core.Leas;
using Credentialing.DevHost;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NJsonSchema;
using YamlDotNet.Serialization;

namespace Credentialing.Tests.Announcements;

/// <summary>The client, DevHost's MyTOMS and <c>docs/mytoms.openapi.yaml</c> implement the same contract.</summary>
[Kind(TestKind.Storage)]
public sealed class MyTomsContractTests(AzuriteFixture azurite)
{
    private const string Path = "/announcements/{id}";
    private const string DevPath = "/dev/mytoms/announcements/01612590000000";

    private static readonly string ContractAsJson = ReadContract();

    /// <summary>A copy for each caller: JsonNode is not thread-safe, because reads also modify it.</summary>
    private static JsonNode Contract => JsonNode.Parse(ContractAsJson)!;

    [Fact]
    public async Task Requests_conform_to_the_contract_from_14_days_before_expiry_to_the_removal()
    {
        await using var world = await ExpiringWorldAsync();
        await using var server = await MyTomsServer.StartAsync();
        var myToms = server.CreateClient();
        var schema = await BodySchemaAsync();
        for (var day = 351; day <= 367; day++)
        {
            await myToms.PutAsync(await AnnouncementAsync(world), TestContext.Current.CancellationToken);
            world.Clock.Advance(TimeSpan.FromDays(1));
        }

        await myToms.DeleteAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

        var (puts, delete) = (server.Requests.SkipLast(1), server.Requests[^1]);
        Assert.Equal([.. Enumerable.Range(0, 15).Reverse(), 0, 0], puts.Select(put => JsonNode.Parse(put.Body)!["daysRemaining"]!.GetValue<int>()));
        var mediaType = Assert.Single(Operation("put")["requestBody"]!["content"]!.AsObject()).Key;
        Assert.All(puts, put =>
        {
            Assert.Equal("PUT", put.Method);
            Assert.Equal($"{mediaType}; charset=utf-8", Assert.Single(put.Headers["Content-Type"]));
            Assert.Empty(schema.Validate(put.Body));
        });
        Assert.Equal(("DELETE", ""), (delete.Method, delete.Body));
        Assert.False(Operation("delete").AsObject().ContainsKey("requestBody"));
        var key = Contract["components"]!["securitySchemes"]!["apiKey"]!;
        Assert.Equal("header", $"{key["in"]}");
        Assert.All(server.Requests, request =>
        {
            Assert.Equal($"/base{Path.Replace("{id}", "01612590000000", StringComparison.Ordinal)}", request.Path);
            Assert.Equal(MyTomsServer.ApiKey, Assert.Single(request.Headers[$"{key["name"]}"]));
        });
    }

    [Fact]
    public async Task Sent_bodies_equal_the_examples_of_the_contract()
    {
        await using var world = await ExpiringWorldAsync();
        await using var server = await MyTomsServer.StartAsync();
        var myToms = server.CreateClient();
        await myToms.PutAsync(await AnnouncementAsync(world), TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(14));
        await myToms.PutAsync(await AnnouncementAsync(world), TestContext.Current.CancellationToken);

        var examples = Operation("put")["requestBody"]!["content"]!["application/json"]!["examples"]!.AsObject();
        Assert.Equal(["expiring", "expired"], examples.Select(example => example.Key));
        Assert.All(examples.Zip(server.Requests), pair => AssertSame(pair.First.Value!["value"], JsonNode.Parse(pair.Second.Body)));
    }

    [Fact]
    public async Task The_client_handles_every_response_of_the_contract()
    {
        await using var world = await ExpiringWorldAsync();
        var announcement = await AnnouncementAsync(world);
        var responses =
            from verb in (string[])["put", "delete"]
            from response in Operation(verb)["responses"]!.AsObject()
            select (verb, int.Parse(response.Key, null));
        foreach (var (verb, status) in responses)
        {
            await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat(MyTomsServer.Status(status), 4)]);
            var myToms = server.CreateClient();

            var failure = await Record.ExceptionAsync(() => verb is "put"
                ? myToms.PutAsync(announcement, TestContext.Current.CancellationToken)
                : myToms.DeleteAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));

            Assert.Equal((verb, status) is (_, 204) or ("delete", 404) ? null : status, (int?)(failure as HttpRequestException)?.StatusCode);
            Assert.Equal(status is 429 or 503 ? 4 : 1, server.Requests.Count);
        }
    }

    /// <summary>A member of the expiring example and its replacement JSON; null removes the member.</summary>
    public static readonly TheoryData<string, string?> Changes = new()
    {
        { "title", "\"Another\"" },
        { "title", "\"<script>\"" },
        { "title", null },
        { "title", "null" },
        { "title", "\"\"" },
        { "title", "1" },
        { "text", null },
        { "text", "null" },
        { "text", "\"\"" },
        { "text", "[]" },
        { "leaId", null },
        { "leaId", "null" },
        { "leaId", "1612590000000" },
        { "leaId", "\"1612590000000\"" },
        { "state", "\"expired\"" },
        { "state", "\"active\"" },
        { "state", "\"Expired\"" },
        { "state", "\"\"" },
        { "state", null },
        { "state", "null" },
        { "state", "1" },
        { "expiresAt", "\"2027-11-23T20:00:00.5Z\"" },
        { "expiresAt", "\"2027-11-23T12:00:00-08:00\"" },
        { "expiresAt", "\"2027-11-23T20:00:00\"" },
        { "expiresAt", "\"tomorrow\"" },
        { "expiresAt", "1826740800" },
        { "expiresAt", null },
        { "daysRemaining", "0" },
        { "timeZone", "\"\"" },
        { "timeZone", "null" },
        { "timeZone", null },
        { "daysRemaining", "15" },
        { "daysRemaining", "-1" },
        { "daysRemaining", "1.5" },
        { "daysRemaining", "\"14\"" },
        { "daysRemaining", "null" },
        { "daysRemaining", null },
        { "link", "\"http://toms.example/\"" },
        { "link", "\"javascript:alert(1)\"" },
        { "link", "\"/credentialing\"" },
        { "link", "\"\"" },
        { "link", "null" },
        { "link", null },
        { "Title", "\"Not the title\"" },
        { "another", "{\"member\":[true]}" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task DevHosts_MyTOMS_accepts_only_bodies_that_conform_to_the_schema(string member, string? value)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var body = Example();
        body.Remove(member);
        if (value is not null)
            body[member] = JsonNode.Parse(value);

        var conforms = (await BodySchemaAsync()).Validate(body.ToJsonString()).Count == 0;
        var response = await PutAsync(host, body.ToJsonString());

        Assert.Equal(conforms ? HttpStatusCode.NoContent : HttpStatusCode.BadRequest, response.Status);
        Assert.Contains($"sent: {(conforms ? 1 : 0)} in all", await PageAsync(host), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "application/json")]
    [InlineData("null", "application/json")]
    [InlineData("[]", "application/json")]
    [InlineData("{", "application/json")]
    [InlineData("<announcement/>", "application/xml")]
    [InlineData("Expires soon.", "text/plain")]
    public async Task DevHosts_MyTOMS_returns_400_for_a_body_that_is_not_a_JSON_object(string body, string mediaType)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(host, body, mediaType)).Status);
    }

    [Theory]
    [InlineData("01611430000000")]
    [InlineData("0161259000000")]
    [InlineData("oakland")]
    public async Task DevHosts_MyTOMS_returns_400_when_the_LEA_of_the_body_differs_from_the_path(string id)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var body = TestHost.Json(Example().ToJsonString());
        var response = await host.SendAsync(HttpMethod.Put, $"/dev/mytoms/announcements/{id}", null, body, "X-Api-Key", DevMyToms.ApiKey);
        Assert.Equal(HttpStatusCode.BadRequest, response.Status);
    }

    [Theory]
    [InlineData]
    [InlineData("X-Api-Key", "wrong")]
    [InlineData("X-Api-Key", "Development")]
    [InlineData("X-Api-Key", "")]
    [InlineData("Authorization", "Bearer development")]
    public async Task DevHosts_MyTOMS_returns_401_and_changes_nothing_without_the_API_key(params string[] headers)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await PutAsync(host, Example().ToJsonString());
        var before = await PageAsync(host);

        using var body = TestHost.Json("{");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.SendAsync(HttpMethod.Put, DevPath, null, body, headers)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.SendAsync(HttpMethod.Delete, DevPath, null, null, headers)).Status);

        Assert.Equal(before, await PageAsync(host));
    }

    [Fact]
    public async Task PUT_and_DELETE_of_DevHosts_MyTOMS_are_idempotent()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        for (var repetition = 0; repetition < 2; repetition++)
        {
            Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(host, Example().ToJsonString())).Status);
            Assert.Contains("sent: 1 in all", await PageAsync(host), StringComparison.Ordinal);
        }

        for (var repetition = 0; repetition < 2; repetition++)
        {
            Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(host)).Status);
            Assert.Contains("sent: 0 in all", await PageAsync(host), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DevHosts_MyTOMS_replaces_the_previous_announcement_completely()
    {
        await using var world = await ExpiringWorldAsync();
        var before = await BodyAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(14));
        await using var host = await TestHost.StartAsync(world);
        await PutAsync(host, before);
        await PutAsync(host, await BodyAsync(world));

        var page = await PageAsync(host);

        Assert.Contains("<li class=\"expired\">", page, StringComparison.Ordinal);
        Assert.Contains("SIS vendor credentials have expired", page, StringComparison.Ordinal);
        Assert.Contains("href=\"https://toms.example/credentialing?lea=01612590000000\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("14 days", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DevHosts_MyTOMS_shows_a_hostile_LEA_name_as_text()
    {
        await using var world = await ExpiringWorldAsync("<script>alert('\"&amp;')</script>");
        await using var host = await TestHost.StartAsync(world);

        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(host, await BodyAsync(world))).Status);
        var page = await PageAsync(host);

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("of &lt;script&gt;alert(&#39;&quot;&amp;amp;&#39;)&lt;/script&gt; expire in 14 days", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DevHosts_MyTOMS_keeps_its_announcements_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        var file = System.IO.Path.Combine(folder.Path, "mytoms.json");
        await using var world = await TestWorld.CreateAsync(azurite);
        string before;
        await using (var host = await StartAsync())
        {
            await PutAsync(host, Example().ToJsonString());
            before = await PageAsync(host);
        }

        await using (var host = await StartAsync())
        {
            Assert.Contains("sent: 1 in all", before, StringComparison.Ordinal);
            Assert.Equal(before, await PageAsync(host));
            await DeleteAsync(host);
        }

        await using (var host = await StartAsync())
            Assert.Contains("sent: 0 in all", await PageAsync(host), StringComparison.Ordinal);

        Task<TestHost> StartAsync() => TestHost.StartAsync(world, builder => builder.Services.AddSingleton(new DevMyToms(file)));
    }

    private static string ReadContract()
    {
        var yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build()
            .Deserialize(File.ReadAllText(System.IO.Path.Combine(ProjectFolder.Root, "docs/mytoms.openapi.yaml")));
        return new SerializerBuilder().JsonCompatible().Build().Serialize(yaml);
    }

    private static JsonNode Operation(string verb)
    {
        var path = Assert.Single(Contract["paths"]!.AsObject());
        Assert.Equal(Path, path.Key);
        return path.Value![verb]!;
    }

    /// <summary>A modifiable copy of the expiring example.</summary>
    private static JsonObject Example() =>
        Operation("put")["requestBody"]!["content"]!["application/json"]!["examples"]!["expiring"]!["value"]!.DeepClone().AsObject();

    /// <summary>The schema of the body. Referenced schemas are moved to <c>definitions</c>, where NJsonSchema expects them.</summary>
    private static Task<JsonSchema> BodySchemaAsync()
    {
        var schema = Operation("put")["requestBody"]!["content"]!["application/json"]!["schema"]!;
        var root = $$"""{"allOf":[{{schema.ToJsonString()}}],"definitions":{{Contract["components"]!["schemas"]!.ToJsonString()}}}""";
        return JsonSchema.FromJsonAsync(
            root.Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal), TestContext.Current.CancellationToken);
    }

    private static void AssertSame(JsonNode? expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"Expected: {expected}\nActual: {actual}");

    /// <summary>A world in which Oakland's credentials expire in 14 days.</summary>
    private async Task<TestWorld> ExpiringWorldAsync(string name = "Oakland Unified")
    {
        var world = await TestWorld.CreateAsync(azurite);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, name, []), "test", TestContext.Current.CancellationToken);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(351));
        return world;
    }

    private static async Task<Announcement> AnnouncementAsync(TestWorld world) =>
        (await world.Announcements.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken))!;

    private static async Task<string> BodyAsync(TestWorld world) =>
        JsonSerializer.Serialize(AnnouncementMessage.Of(await AnnouncementAsync(world)), JsonSerializerOptions.Web);

    private static async Task<ApiResponse> PutAsync(TestHost host, string body, string mediaType = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        return await host.SendAsync(HttpMethod.Put, DevPath, null, content, "X-Api-Key", DevMyToms.ApiKey);
    }

    private static Task<ApiResponse> DeleteAsync(TestHost host) => host.SendAsync(HttpMethod.Delete, DevPath, null, null, "X-Api-Key", DevMyToms.ApiKey);

    private static async Task<string> PageAsync(TestHost host)
    {
        var page = await host.SendAsync(HttpMethod.Get, "/dev/mytoms");
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.Status, page.ContentHeaders.ContentType?.MediaType));
        return page.Text;
    }
}
