using System.Text.Json;
using Credentialing.Tests.Screens;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>The files that <c>infra/prepare-screens.sh</c> prepares for publishing.</summary>
[Kind(TestKind.Process)]
public sealed class ScreenScriptTests : IDisposable
{
    private const string Api = "https://credentialing-dev-abc123.azurewebsites.net";

    private readonly Shell shell = new();
    private readonly string host;
    private readonly string prepared;

    public ScreenScriptTests()
    {
        host = Path.Combine(shell.Folder, "toms-host.js");
        prepared = Path.Combine(shell.Folder, "a", "screens");
        File.WriteAllText(host, "export const api = \"\";");
    }

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task The_output_folder_contains_the_site_and_the_given_host_module()
    {
        Assert.Equal(0, (await shell.RunAsync("prepare-screens.sh", Api, host, prepared)).ExitCode);
        Assert.Equal(
            BuiltSite.FilesOf(BuiltSite.Folder).Append("host.js").Order(StringComparer.Ordinal),
            BuiltSite.FilesOf(prepared));
        Assert.Equal(await ReadAsync(host), await ReadAsync(Path.Combine(prepared, "host.js")));
        Assert.Equal(await ReadAsync(Path.Combine(BuiltSite.Folder, "index.html")), await ReadAsync(Path.Combine(prepared, "index.html")));
    }

    [Fact]
    public async Task The_Content_Security_Policy_additionally_allows_only_the_API_and_the_sign_in_origins()
    {
        Assert.Equal(0, (await shell.RunAsync("prepare-screens.sh", Api, host, prepared, "https://identity.toms.example")).ExitCode);
        var before = await HeadersAsync(BuiltSite.Folder);
        var after = await HeadersAsync(prepared);
        Assert.Equal(
            before["Content-Security-Policy"].Replace("connect-src 'self';", $"connect-src 'self' {Api} https://identity.toms.example;", StringComparison.Ordinal),
            after["Content-Security-Policy"]);
        Assert.NotEqual(before["Content-Security-Policy"], after["Content-Security-Policy"]);
        Assert.Equal(before.Where(header => header.Key != "Content-Security-Policy"), after.Where(header => header.Key != "Content-Security-Policy"));
    }

    [Fact]
    public async Task The_output_folder_is_replaced_on_each_run()
    {
        await shell.RunAsync("prepare-screens.sh", "https://old.example", host, prepared);
        await File.WriteAllTextAsync(Path.Combine(prepared, "left-over.html"), "", TestContext.Current.CancellationToken);
        await shell.RunAsync("prepare-screens.sh", Api, host, prepared);
        Assert.DoesNotContain("left-over.html", BuiltSite.FilesOf(prepared));
        Assert.DoesNotContain("old.example", (await HeadersAsync(prepared))["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://api.example")]
    [InlineData("https://api.example/")]
    [InlineData("https://api.example; script-src *")]
    [InlineData("https://*")]
    [InlineData("")]
    public async Task An_invalid_origin_is_rejected(string api)
    {
        var result = await shell.RunAsync("prepare-screens.sh", api, host, prepared);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("is not an origin", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(prepared));
    }

    [Fact]
    public async Task A_missing_host_module_is_rejected()
    {
        var result = await shell.RunAsync("prepare-screens.sh", Api, Path.Combine(shell.Folder, "missing.js"), prepared);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("host.js does not exist", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(prepared));
    }

    [Fact]
    public async Task A_folder_with_other_content_is_not_replaced()
    {
        var result = await shell.RunAsync("prepare-screens.sh", Api, host, shell.Folder);
        Assert.Equal(2, result.ExitCode);
        Assert.True(File.Exists(host));
    }

    private static async Task<string> ReadAsync(string file) => await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

    private static async Task<Dictionary<string, string>> HeadersAsync(string folder)
    {
        using var configuration = JsonDocument.Parse(await ReadAsync(Path.Combine(folder, "staticwebapp.config.json")));
        return configuration.RootElement.GetProperty("globalHeaders").Deserialize<Dictionary<string, string>>()!;
    }
}
