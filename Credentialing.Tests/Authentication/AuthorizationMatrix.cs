namespace Credentialing.Tests.Authentication;

/// <summary>Callers for which every function has the same expected response.</summary>
internal enum CallerGroup
{
    Unidentified,
    OtherUser,
    Coordinator,
    Toms,
    ExpiredKey,
    RevokedKey,
    RevokedToken,
    Key,
    Token,
    OtherKey,
    OtherToken,
    Link,
    LinkOfOtherLea,
    OtherLink,
    GitHub,
}

/// <summary>An expected response.</summary>
/// <param name="Status">The HTTP status code.</param>
/// <param name="Type">The problem type without its prefix; null if the response is not a problem.</param>
internal sealed record Expected(int Status, string? Type = null)
{
    /// <summary>Whether the function does not run: there is no route, or the caller is not authenticated or has no permission.</summary>
    public bool IsRefused => Status is 401 or 403 || this == AuthorizationMatrix.NoRoute;
}

/// <summary>A function with the expected response for each group of callers.</summary>
/// <param name="Function">The function's name.</param>
/// <param name="Responses">One response for each group.</param>
internal sealed record MatrixRow(string Function, IReadOnlyDictionary<CallerGroup, Expected> Responses);

/// <summary>
/// Who may call what: the expected response of every function to every caller. The tests send each request, and docs/security.md has a
/// table of it. The LEA in a path is Oakland; "other" is another LEA.
/// </summary>
internal static class AuthorizationMatrix
{
    private static readonly Expected Ok = new(200);
    private static readonly Expected Created = new(201);
    private static readonly Expected NoContent = new(204);

    private static readonly Expected NotAuthenticated = new(401, "not-authenticated");
    private static readonly Expected NotPermitted = new(403, "not-permitted");
    private static readonly Expected InvalidCredentials = new(401, "invalid-credentials");
    private static readonly Expected InvalidClient = new(401, "invalid-client");
    private static readonly Expected CredentialsExpired = new(401, "credentials-expired");
    private static readonly Expected CredentialsRevoked = new(401, "credentials-revoked");
    private static readonly Expected LinkRefused = new(403, "temporary-link-refused");
    private static readonly Expected ReportNotFound = new(404, "score-report-not-found");
    private static readonly Expected InvalidSignature = new(403, "invalid-signature");

    /// <summary>The response for a timer function, which has no route: 404 without a body.</summary>
    internal static readonly Expected NoRoute = new(404);

    internal static IReadOnlyList<MatrixRow> Rows { get; } =
    [
        OfToms("GetAnnouncements", coordinator: Ok, toms: NotPermitted),
        OfToms("GetCalendarFile", coordinator: Ok, toms: NotPermitted),
        OfToms("GenerateCredentials", coordinator: Created, toms: NotPermitted),
        OfToms("EndPreviousKey", coordinator: NoContent, toms: NotPermitted),
        OfToms("CreateShare", coordinator: Created, toms: NotPermitted),
        OfToms("ListShares", coordinator: Ok, toms: NotPermitted),
        OfToms("CancelShare", coordinator: NoContent, toms: NotPermitted),
        OfToms("GetCredentials", coordinator: Ok, toms: Ok),
        OfToms("RevokeCredentials", coordinator: Ok, toms: Ok),
        OfToms("ListEvents", coordinator: Ok, toms: Ok),
        OfToms("ListDisclosures", coordinator: Ok, toms: Ok),
        OfToms("SummarizeDisclosures", coordinator: Ok, toms: Ok),
        OfToms("GetLea", coordinator: NotPermitted, toms: Ok),
        OfToms("PutLea", coordinator: NotPermitted, toms: NoContent),
        OfToms("ListLeas", coordinator: NotPermitted, toms: Ok),
        OfToms("PreviewReminders", coordinator: NotPermitted, toms: Ok),
        OfToms("ValidateCredentials", coordinator: NotPermitted, toms: Ok),
        OfToms("ReportLeak", coordinator: NotPermitted, toms: Ok),
        OfToms("RestoreExpirations", coordinator: NotPermitted, toms: Ok),
        OfVendors("GetVendorCredential", other: Ok),
        OfVendors("ListScoreReports", other: Ok),
        OfVendors("GetScoreReport", other: ReportNotFound, link: Ok, otherLink: LinkRefused),
        Of("IssueVendorToken", InvalidClient, new()
        {
            [CallerGroup.Key] = Ok,
            [CallerGroup.OtherKey] = Ok,
            [CallerGroup.ExpiredKey] = CredentialsExpired,
            [CallerGroup.RevokedKey] = CredentialsRevoked,
        }),
        Of("OpenShare", Ok, []),
        Of("ReceiveSecretScanningMessage", InvalidSignature, new() { [CallerGroup.GitHub] = Ok }),
        Of("GetDescription", Ok, []),
        Of("GetHealth", Ok, []),
        Of("GetReadiness", Ok, []),
        Of("SendExpiryReminders", NoRoute, []),
        Of("CheckOverview", NoRoute, []),
        Of("BackUp", NoRoute, []),
        Of("RotateSecrets", NoRoute, []),
    ];

    /// <summary>A function that authenticates by a JWT of TOMS.</summary>
    private static MatrixRow OfToms(string function, Expected coordinator, Expected toms) => Of(function, NotAuthenticated, new()
    {
        [CallerGroup.OtherUser] = NotPermitted,
        [CallerGroup.Coordinator] = coordinator,
        [CallerGroup.Toms] = toms,
    });

    /// <summary>A function that authenticates by a vendor's key, token or temporary link.</summary>
    private static MatrixRow OfVendors(string function, Expected other, Expected? link = null, Expected? otherLink = null) => Of(function, InvalidCredentials, new()
    {
        [CallerGroup.ExpiredKey] = CredentialsExpired,
        [CallerGroup.RevokedKey] = CredentialsRevoked,
        [CallerGroup.RevokedToken] = CredentialsRevoked,
        [CallerGroup.Key] = Ok,
        [CallerGroup.Token] = Ok,
        [CallerGroup.OtherKey] = other,
        [CallerGroup.OtherToken] = other,
        [CallerGroup.Link] = link ?? InvalidCredentials,
        [CallerGroup.LinkOfOtherLea] = link is null ? InvalidCredentials : other,
        [CallerGroup.OtherLink] = otherLink ?? InvalidCredentials,
    });

    /// <summary>A function with one response for all groups that are not listed.</summary>
    private static MatrixRow Of(string function, Expected others, Dictionary<CallerGroup, Expected> listed) =>
        new(function, Enum.GetValues<CallerGroup>().ToDictionary(group => group, group => listed.GetValueOrDefault(group, others)));
}
