using System.Globalization;
using Credentialing.Core.Credentials;
using Credentialing.Functions.Http;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Http;

[Kind(TestKind.Unit)]
public sealed class RetryAfterTests
{
    [Fact]
    public async Task Responses_503_spread_the_retries_of_clients_over_time()
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"))).BuildServiceProvider();

        var seconds = new List<int>();
        for (var response = 0; response < 200; response++)
        {
            var context = new DefaultHttpContext { RequestServices = services };
            await Problems.From(new TimeoutException()).ExecuteAsync(context);
            seconds.Add(int.Parse(context.Response.Headers.RetryAfter.ToString(), CultureInfo.InvariantCulture));
        }

        Assert.All(seconds, value => Assert.InRange(value, Problems.LeastRetryAfter, Problems.MostRetryAfter));
        Assert.InRange(seconds.Distinct().Count(), 8, 11); // of 11 possible values
    }
}
