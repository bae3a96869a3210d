using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Functions.Endpoints;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Performance;

/// <summary>
/// Budgets of allocated bytes. The ceilings are 20 % above what was measured in a Debug build; a Release build allocates less. Storage
/// responds from memory, so each operation runs on one thread to its end, and the count is exact, whatever other tests do.
/// </summary>
[Kind(TestKind.Storage)]
public sealed class AllocationTests(AzuriteFixture azurite)
{
    private const int WarmUp = 200;

    [Fact]
    public async Task A_token_request_allocates_at_most_31_KB()
    {
        var (services, key) = await StartAsync();
        var functions = ActivatorUtilities.CreateInstance<VendorFunctions>(services);
        var form = Encoding.ASCII.GetBytes($"grant_type=client_credentials&client_id={new Username(MeasuredApp.Oakland)}&client_secret={key}");
        await AssertAllocatesAsync(31_000, () => RespondAsync(services, http =>
        {
            http.Request.ContentType = "application/x-www-form-urlencoded";
            http.Request.ContentLength = form.Length;
            http.Request.Body = new MemoryStream(form);
            return functions.IssueTokenAsync(http.Request, CancellationToken.None);
        }));
    }

    [Fact]
    public async Task A_list_of_12_reports_allocates_at_most_138_KB()
    {
        var (services, key) = await StartAsync();
        await SampleReports.UploadListedAsync(services.GetRequiredService<CredentialingStorage>());
        var functions = ActivatorUtilities.CreateInstance<ScoreReportFunctions>(services);
        await AssertAllocatesAsync(138_000, () => RespondAsync(services, http =>
        {
            http.Request.Headers.Authorization = ApiHost.Basic(MeasuredApp.Oakland, key);
            http.Request.Path = $"/api/v1/students/{SampleReports.Listed}/score-reports";
            return functions.ListAsync(http.Request, SampleReports.Listed.Value, CancellationToken.None);
        }));
    }

    [Fact]
    public async Task The_authentication_by_token_allocates_at_most_24_KB()
    {
        var (services, key) = await StartAsync();
        var vendors = services.GetRequiredService<VendorAuthenticator>();
        var authenticated = (AuthenticationOutcome.Authenticated)await vendors.AuthenticateAsync(
            new Username(MeasuredApp.Oakland).ToString(), key, default, TestContext.Current.CancellationToken);
        var token = await services.GetRequiredService<VendorTokens>().IssueAsync(authenticated.Key, TestContext.Current.CancellationToken);
        await AssertAllocatesAsync(24_000, () => vendors.AuthenticateAsync(token.Value, CancellationToken.None));
    }

    [Fact]
    public async Task The_verification_of_a_key_allocates_nothing()
    {
        var pepper = new SecretVersion("1", new byte[32]);
        var key = SecretKey.Generate();
        var text = key.Reveal();
        var verifier = SecretKeyVerifier.Create(pepper, MeasuredApp.Oakland, 1, key);
        await AssertAllocatesAsync(0, () =>
        {
            Span<byte> bytes = stackalloc byte[SecretKey.ByteLength];
            Assert.True(SecretKey.TryDecode(text, bytes) && verifier.Matches(pepper, MeasuredApp.Oakland, 1, bytes));
            return Task.CompletedTask;
        });
    }

    private static async Task AssertAllocatesAsync(long atMost, Func<Task> operation)
    {
        for (var run = 0; run < WarmUp; run++)
            await operation(); // the first ones read from storage
        var allocated = Enumerable.Range(0, 20).Min(_ => Run());
        Assert.True(allocated <= atMost, $"{allocated} bytes were allocated. The budget is {atMost}.");

        long Run()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var running = operation();
            var after = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(running.IsCompletedSuccessfully, "The operation did not complete on this thread.");
            return after - before;
        }
    }

    private async Task<(IServiceProvider Services, string Key)> StartAsync()
    {
        var account = azurite.NewAccount();
        var services = new ServiceCollection()
            .AddLogging()
            .AddMeasuredApp(new ConfigurationManager(), account.Tables, account.Blobs, fromMemory: true)
            .BuildServiceProvider();
        await services.GetRequiredService<CredentialingStorage>().CreateMissingAsync(TestContext.Current.CancellationToken);
        return (services, await MeasuredApp.GenerateAsync(services));
    }

    private static async Task RespondAsync(IServiceProvider services, Func<HttpContext, Task<IResult>> function)
    {
        var http = new DefaultHttpContext { RequestServices = services };
        http.Response.Body = Stream.Null;
        await (await function(http)).ExecuteAsync(http);
        Assert.Equal(StatusCodes.Status200OK, http.Response.StatusCode);
    }
}
