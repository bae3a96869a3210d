using Credentialing.Tests.Support;

namespace Credentialing.Tests.Screens;

/// <summary>Budgets for the bytes and requests of each page.</summary>
[Kind(TestKind.Browser)]
public sealed class TransferBudgetTests(AzuriteFixture azurite, BrowserFixture browser)
{
    /// <summary>Bytes of all responses of a first visit, with headers. The largest page transfers 86,000 bytes.</summary>
    private const int MaxBytes = 90_000;

    /// <summary>Requests of a repeat visit: the page, <c>host.js</c> and the API.</summary>
    private const int MaxRequests = 4;

    public static TheoryData<string, string?, string> Pages => new(PageTransfer.Pages);

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_stays_within_the_budget_of_its_first_and_its_repeat_visit(string path, string? persona, string shown)
    {
        var transfer = await PageTransfer.MeasureAsync(azurite, browser, path, persona, shown);
        Assert.True(
            transfer.Bytes <= MaxBytes,
            $"The first visit of {path} transfers {transfer.Bytes:N0} bytes, more than {MaxBytes:N0}. The largest responses:\n{string.Join('\n', transfer.First.OrderByDescending(response => response.Bytes).Take(8))}");
        Assert.True(
            transfer.Repeated.Count <= MaxRequests,
            $"A repeat visit of {path} needs {transfer.Repeated.Count} requests, more than {MaxRequests}:\n{string.Join('\n', transfer.Repeated)}");
    }

    /// <summary>Azure Static Web Apps sets these headers according to <c>staticwebapp.config.json</c>.</summary>
    [Fact]
    public async Task Browsers_keep_files_with_a_hash_in_their_name_and_ask_for_changes_of_all_others()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.NotEmpty(BuiltSite.Files);
        foreach (var file in BuiltSite.Files.Append("host.js"))
        {
            using var response = await host.Client.GetAsync(new Uri($"/{file}", UriKind.Relative), TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            Assert.Equal(
                $"{file}: {(file.StartsWith("assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache")}",
                $"{file}: {Assert.Single(response.Headers.GetValues("Cache-Control"))}");
        }
    }
}
