using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Functions.Http.Description;
using Credentialing.Tests.Support;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Tests.Authentication;

/// <summary>
/// The matrix is complete, and docs/security.md shows it. <c>CREDENTIALING_MATRIX=1</c> writes it there.
/// </summary>
[Kind(TestKind.Unit)]
public sealed partial class AuthorizationMatrixTests
{
    private static readonly string Page = Path.Combine(ProjectFolder.Root, "docs/security.md");

    /// <summary>The functions that have a caller at all.</summary>
    private static readonly Dictionary<string, CallerKind> Kinds = FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().ToDictionary(
        item => FunctionEndpoints.NameOf(item.Function), item => ((CalledByAttribute)item.Function.GetCustomAttributes(typeof(CalledByAttribute), inherit: false).Single()).Caller);

    [Fact]
    public void Every_function_has_one_row_and_every_row_a_function() =>
        Assert.Equal(FunctionEndpoints.Functions.Select(FunctionEndpoints.NameOf).Order(), AuthorizationMatrix.Rows.Select(row => row.Function).Order());

    [Fact]
    public void Every_group_has_a_caller_and_every_caller_is_listed_once()
    {
        Assert.Equal(Enum.GetValues<CallerGroup>().Order(), AuthorizationMatrixCallers.All.Select(caller => caller.Group).Distinct().Order());
        Assert.Distinct(AuthorizationMatrixCallers.All.Select(caller => caller.ToString()));
    }

    /// <summary>An independent statement of the same rules: the caller that the API description names.</summary>
    [Fact]
    public void Only_the_described_kind_of_caller_is_permitted() => Assert.All(AuthorizationMatrix.Rows, row =>
    {
        var permitted = row.Responses.Where(response => response.Value.Status < 400).Select(response => response.Key).ToHashSet();
        CallerGroup[] allowed = !Kinds.TryGetValue(row.Function, out var kind) ? [] : kind switch
        {
            CallerKind.Coordinator => [CallerGroup.Coordinator, CallerGroup.Toms],
            CallerKind.Toms => [CallerGroup.Toms],
            CallerKind.Vendor => [CallerGroup.Key, CallerGroup.Token, CallerGroup.OtherKey, CallerGroup.OtherToken],
            CallerKind.VendorOrLink => [CallerGroup.Key, CallerGroup.Token, CallerGroup.Link],
            CallerKind.TokenClient => [CallerGroup.Key, CallerGroup.OtherKey],
            _ => row.Function is "ReceiveSecretScanningMessage" ? [CallerGroup.GitHub] : Enum.GetValues<CallerGroup>(),
        };
        Assert.True(permitted.IsSubsetOf(allowed), row.Function);
    });

    [Fact]
    public void The_page_about_security_shows_the_matrix()
    {
        var page = File.ReadAllText(Page);
        var current = Section().Replace(page, match => match.Groups["begin"].Value + AuthorizationMatrixDocument.Render() + match.Groups["end"].Value);
        Assert.Matches(Section(), page);
        if (Environment.GetEnvironmentVariable("CREDENTIALING_MATRIX") == "1")
            File.WriteAllText(Page, current);
        Assert.Equal(current, File.ReadAllText(Page));
    }

    [GeneratedRegex("(?<begin><!-- matrix: begin[^\n]*-->\n\n)(?<matrix>.*?)(?<end>\n<!-- matrix: end -->)", RegexOptions.Singleline)]
    private static partial Regex Section();
}
