using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.DevHost;
using Credentialing.Functions.Http;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Http;

[Kind(TestKind.Unit)]
public sealed partial class ProblemTypesTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);

    private static readonly Credential Current = new(
        TestWorld.Oakland, 1, new SecretKeyVerifier("1", ReadOnlyMemory<byte>.Empty), Now, TestWorld.Rosa, Now + Credential.Lifetime,
        new ReleaseAuthorization(TestWorld.Rosa, Now, ReleaseWording.Current.Version));

    [Fact]
    public void The_documented_problem_types_match_the_code()
    {
        var code = Read("Credentialing.Functions/Http/Problems.cs");
        var list = Read("docs/problems.md");

        Assert.Equal(
            TypesInCode().Matches(code).Select(match => (match.Groups["type"].Value, match.Groups["status"].Value)).Distinct().Order(),
            TypesInDocument().Matches(list).Select(match => (match.Groups["type"].Value, match.Groups["status"].Value.Replace("4xx", "bad.StatusCode", StringComparison.Ordinal))).Order());
    }

    /// <summary>Excludes the token endpoint. Its errors also have the OAuth format, and are listed separately.</summary>
    [Fact]
    public void The_documented_problem_types_match_the_API_description()
    {
        var list = TypesInDocument().Matches(Read("docs/problems.md")).Select(match => Problems.TypePrefix + match.Groups["type"].Value);
        var described = DescribedResponses.All.Where(response => response is { Type: not null, Operation: not "IssueVendorToken" });
        Assert.Equal(list.Order(), described.Select(response => response.Type).Distinct().Order());
    }

    [Fact]
    public async Task Every_problem_explains_itself_in_sentences()
    {
        var problems = typeof(Problems).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(method => method.ReturnType == typeof(IResult))
            .SelectMany(method => Samples(method).Select(arguments => (IResult)method.Invoke(null, arguments)!))
            .ToList();
        Assert.True(problems.Count > 40);
        foreach (var problem in problems)
        {
            var json = await SendAsync(problem);
            Assert.All(
                (string[])["title", "detail"],
                member => Assert.True(Sentences().IsMatch(json.GetProperty(member).GetString()!), $"{json.GetProperty("type")}: {json.GetProperty(member)}"));
        }
    }

    [Fact]
    public async Task Problems_about_an_end_say_when_it_was()
    {
        Assert.Equal(Current.ExpiresAt, (await SendAsync(Problems.CredentialsExpired(Current.CurrentKey))).GetProperty("expiredAt").GetDateTimeOffset());
        Assert.Equal(Now, (await SendAsync(Problems.CredentialsRevoked(Now))).GetProperty("revokedAt").GetDateTimeOffset());
        Assert.Equal(Now, (await SendAsync(Problems.ShareOpened(Now))).GetProperty("openedAt").GetDateTimeOffset());
    }

    /// <summary>Sends a problem, and returns the body of the response.</summary>
    private static async Task<JsonElement> SendAsync(IResult problem)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"))).BuildServiceProvider();
        using var body = new MemoryStream();
        await problem.ExecuteAsync(new DefaultHttpContext { RequestServices = services, Response = { Body = body } });
        return JsonDocument.Parse(body.ToArray()).RootElement;
    }

    /// <summary>The arguments for two calls of a method, which differ if it has an optional value or a condition.</summary>
    private static IEnumerable<object?[]> Samples(MethodInfo method)
    {
        object?[] Of(bool condition) =>
        [
            .. method.GetParameters().Select(object? (parameter) => parameter.ParameterType switch
            {
                var type when type == typeof(string) => "The sample.",
                var type when type == typeof(int) => 1,
                var type when type == typeof(bool) => condition,
                var type when type == typeof(TimeSpan) => TimeSpan.FromSeconds(1),
                var type when type == typeof(DateTimeOffset) => Now,
                var type when type == typeof(IEnumerable<string>) => new[] { "storage" },
                var type when type == typeof(Credential) => condition ? Current : null,
                var type when type == typeof(VendorKey) => Current.CurrentKey,
                var type when type == typeof(LeaCalendar) => new LeaCalendar(Pacific.Zone),
                var type when type == typeof(Exception) => condition ? new BadHttpRequestException("The sample.") : new InvalidOperationException(),
                var type => throw new NotSupportedException($"There is no sample of {type}."),
            }),
        ];
        return [Of(true), Of(false)];
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(ProjectFolder.Root, path));

    [GeneratedRegex("^[A-Z\"].{8,}[.]$")]
    private static partial Regex Sentences();

    [GeneratedRegex("Problem\\((?<status>[0-9]{3}|bad.StatusCode), \"(?<type>[a-z-]+)\"")]
    private static partial Regex TypesInCode();

    [GeneratedRegex("^[|] `(?<type>[a-z-]+)` [|] (?<status>[0-9x]{3}) [|]", RegexOptions.Multiline)]
    private static partial Regex TypesInDocument();
}
