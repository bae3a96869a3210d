using System.Text.Json;
using Credentialing.Functions.Http;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Authentication;

/// <summary>Sends the requests of <see cref="AuthorizationMatrix"/>.</summary>
[Kind(TestKind.Storage)]
public sealed class AuthorizationMatrixHttpTests(AzuriteFixture azurite)
{
    /// <summary>The time in which the budget of an address for failed authentications of vendors is full again.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_refused_caller_gets_the_same_response_whether_or_not_the_resource_exists_and_changes_nothing()
    {
        await using var scene = await AuthorizationMatrixScene.CreateAsync(azurite);
        var unexpected = new List<string>();
        foreach (var row in AuthorizationMatrix.Rows)
        {
            var refused = AuthorizationMatrixCallers.All.Where(caller => row.Responses[caller.Group].IsRefused).ToList();
            if (refused.Count == 0)
                continue;
            var stored = await scene.StoredAsync();
            var rest = row.Responses[CallerGroup.Unidentified].Type is "invalid-credentials" or "invalid-client" ? Rest : TimeSpan.Zero;
            scene.World.Clock.Advance(rest);
            scene.World.Traffic.Reset();
            var bodies = new Dictionary<MatrixCaller, string>();
            foreach (var caller in refused)
            {
                var response = await scene.SendAsync(caller, row.Function, isPermitted: false);
                bodies[caller] = response.Text;
                unexpected.AddRange(Compare(row, caller, response));
            }

            if (AuthorizationMatrixScene.NamesResource(row.Function))
            {
                scene.World.Clock.Advance(rest);
                foreach (var caller in refused)
                {
                    var response = await scene.SendAsync(caller, row.Function, isPermitted: false, exists: false);
                    unexpected.AddRange(Compare(row, caller, response));
                    if (response.Text != bodies[caller])
                        unexpected.Add($"{row.Function}, {caller}: the body shows whether the resource exists: {bodies[caller]} {response.Text}");
                }
            }

            if (row.Responses[CallerGroup.Unidentified].Type is "not-authenticated" && scene.World.Traffic.Requests.Count > 0)
                unexpected.Add($"{row.Function}: storage was read before the caller was authorized");
            if (await scene.StoredAsync() != stored)
                unexpected.Add($"{row.Function}: a refused request has changed something");
        }

        Assert.True(unexpected.Count == 0, string.Join(Environment.NewLine, unexpected));
    }

    [Fact]
    public async Task A_permitted_caller_gets_the_response_of_the_function()
    {
        await using var scene = await AuthorizationMatrixScene.CreateAsync(azurite);
        var unexpected = new List<string>();
        foreach (var row in AuthorizationMatrix.Rows)
        {
            foreach (var caller in AuthorizationMatrixCallers.All.Where(caller => !row.Responses[caller.Group].IsRefused))
                unexpected.AddRange(Compare(row, caller, await scene.SendAsync(caller, row.Function, isPermitted: true)));
        }

        Assert.True(unexpected.Count == 0, string.Join(Environment.NewLine, unexpected));
    }

    /// <summary>A vendor cannot name an LEA: the path has only a student, of whom another LEA has reports.</summary>
    [Fact]
    public async Task A_vendor_of_another_LEA_gets_only_what_its_own_LEA_has()
    {
        await using var scene = await AuthorizationMatrixScene.CreateAsync(azurite);
        foreach (var caller in AuthorizationMatrixCallers.All.Where(caller => caller.Group is CallerGroup.OtherKey or CallerGroup.OtherToken))
        {
            Assert.Equal("[]", (await scene.SendAsync(caller, "ListScoreReports", isPermitted: true)).Text);
            Assert.Equal(
                (await scene.SendAsync(caller, "GetScoreReport", isPermitted: true, exists: false)).Text,
                (await scene.SendAsync(caller, "GetScoreReport", isPermitted: true, exists: true)).Text);
            Assert.Equal(TestWorld.Berkeley.Value, (await scene.SendAsync(caller, "GetVendorCredential", isPermitted: true)).Json.GetProperty("leaId").GetString());
        }

        foreach (var caller in AuthorizationMatrixCallers.All.Where(caller => caller.Group is CallerGroup.Key or CallerGroup.Token))
        {
            Assert.Single((await scene.SendAsync(caller, "ListScoreReports", isPermitted: true)).Json.EnumerateArray());
            Assert.Equal(TestWorld.Oakland.Value, (await scene.SendAsync(caller, "GetVendorCredential", isPermitted: true)).Json.GetProperty("leaId").GetString());
        }
    }

    /// <summary>Returns how a response differs from the matrix.</summary>
    private static IEnumerable<string> Compare(MatrixRow row, MatrixCaller caller, ApiResponse response)
    {
        var expected = row.Responses[caller.Group];
        var type = (int)response.Status >= 400 && response.Body.Length > 0 && JsonSerializer.Deserialize<JsonElement>(response.Body).TryGetProperty("type", out var member) ? member.GetString()![Problems.TypePrefix.Length..] : null;
        if (((int)response.Status, type) != (expected.Status, expected.Type))
            yield return $"{row.Function}, {caller}: {(int)response.Status} {type} instead of {expected.Status} {expected.Type}";
        if (expected.Status is 401 && response.Headers.WwwAuthenticate.Count == 0)
            yield return $"{row.Function}, {caller}: no challenge";
        if (expected == AuthorizationMatrix.NoRoute && response.Body.Length > 0)
            yield return $"{row.Function}, {caller}: a body although there is no route";
    }
}
