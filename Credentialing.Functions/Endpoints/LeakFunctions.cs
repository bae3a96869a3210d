using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>Leaked secret keys: reported by TOMS, or found by GitHub's secret scanning.</summary>
public sealed class LeakFunctions(Caller caller, LeakService leaks, SecretScanningKeys scanningKeys, CredentialChanges changes)
{
    /// <summary>GitHub sends several matches in one message. This is enough for more than 500.</summary>
    private const int MaxMessageBytes = 256 * 1024;

    private const int MaxMatches = 1000;

    private const string KeyHeader = "Github-Public-Key-Identifier";
    private const string SignatureHeader = "Github-Public-Key-Signature";

    private const string DefaultReason = "The secret key may have leaked.";
    private const string ScanningReason = "The secret key was found by GitHub secret scanning.";

    /// <summary>The audit events of keys that were stopped without a human. The coordinators see TOMS as their author.</summary>
    private static readonly Coordinator SecretScanning = new("github-secret-scanning", Caller.TomsName, Email: null);

    /// <summary>
    /// Finds the LEA of a secret key that may have leaked. If <c>revoke</c> is true, also stops the key: a current key by revoking the
    /// credentials, a previous key by ending its overlap. The LEA's coordinators then get an email. Idempotent. The key is compared with
    /// every stored key, so the request can take seconds.
    /// </summary>
    [Function("ReportLeak")]
    [CalledBy(CallerKind.Toms)]
    [Accepts(typeof(LeakRequest))]
    [ProducesResponse(200, typeof(LeakResponse))]
    [ProducesProblem(422, "invalid-secret-key", "invalid-reason")]
    public Task<IResult> ReportAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credentials/leaks")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async by =>
        {
            var (body, problem) = await RequestBody.ReadJsonAsync<LeakRequest>(request);
            if (problem is not null)
                return problem;
            if (!SecretKey.TryParse(body?.SecretKey, out var parsed))
                return Problems.InvalidSecretKey();
            using var key = parsed;
            var reason = body!.Reason ?? DefaultReason;
            // Coordinators and auditors read the reason. It must not contain the key.
            if (!OneLine.IsName(reason) || reason.Contains(body.SecretKey!.Trim(), StringComparison.OrdinalIgnoreCase))
                return Problems.InvalidReason();

            var report = await leaks.ReportAsync(
                [key], "toms", body.Revoke ? (new Coordinator(by, Caller.TomsName, Email: null), OneLine.Of(reason)) : null, cancellationToken);
            var leak = report.Leaks[0];
            FollowUp(request, leak);
            return TypedResults.Ok(LeakResponse.Of(leak, report));
        });

    /// <summary>
    /// Receives a message of GitHub's secret scanning partner program, which is signed with a public key of GitHub. Stops each key in it that
    /// works, and notifies the LEA's coordinators. Returns for each match whether it was a secret key of an LEA, except for matches that could not
    /// be checked completely. Idempotent.
    /// </summary>
    [Function("ReceiveSecretScanningMessage")]
    [CalledBy(CallerKind.Anyone)]
    [Accepts(typeof(SecretScanningMatch[]))]
    [AcceptsParameter("header", KeyHeader, "The identifier of the public key.")]
    [AcceptsParameter("header", SignatureHeader, "The signature of the body: ECDSA on the curve P-256 with SHA-256, in DER, as base64.")]
    [ProducesResponse(200, typeof(SecretScanningFeedback[]))]
    [ProducesProblem(403, "invalid-signature")]
    [ProducesProblem(404, "secret-scanning-off")]
    [ProducesProblem(500, "unexpected")]
    [ProducesProblem(503, "unavailable")]
    public async Task<IResult> ReceiveAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "github/secret-scanning")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        if (!scanningKeys.IsConfigured)
            return Problems.SecretScanningOff();
        // Before the body: it is read only if the key is one of GitHub's.
        if (request.Headers[KeyHeader] is not [{ } identifier] || request.Headers[SignatureHeader] is not [{ } signature] ||
            await scanningKeys.FindAsync(identifier, cancellationToken) is not { } scanningKey)
            return Problems.InvalidSignature();
        if (await RequestBody.ReadAsync(request, MaxMessageBytes) is not { } message)
            return Problems.BodyTooLarge(MaxMessageBytes);
        var (matches, problem) = scanningKey.Verifies(message, signature)
            ? RequestBody.ReadJson<SecretScanningMatch?[]>(request, message)
            : (null, Problems.InvalidSignature());
        CryptographicOperations.ZeroMemory(message);
        if (problem is not null)
            return problem;
        if (matches?.Length > MaxMatches)
            return Problems.MalformedJson($"It must have at most {MaxMatches} matches.");

        var tokens = (matches ?? []).Where(match => match is { Token: not null, Type: not null }).Select(match => (Token: match!.Token!, Type: match.Type!)).Distinct().ToList();
        var keys = new Dictionary<string, SecretKey>(StringComparer.Ordinal);
        foreach (var (token, _) in tokens)
        {
            if (SecretKey.TryParse(token, out var key))
                keys[token] = key;
        }

        LeakReport report;
        try
        {
            // Not cancelled: GitHub waits 30 seconds, and the keys must also be stopped if the scan takes longer.
            report = await leaks.ReportAsync([.. keys.Values], "github", (SecretScanning, ScanningReason), CancellationToken.None);
        }
        finally
        {
            foreach (var key in keys.Values)
                key.Dispose();
        }

        foreach (var leak in report.Leaks)
            FollowUp(request, leak);
        var found = keys.Keys.Zip(report.Leaks).ToDictionary(pair => pair.First, pair => pair.Second.Match is not LeakMatch.Unknown);
        return TypedResults.Ok(tokens
            .Where(match => found.GetValueOrDefault(match.Token) || !found.ContainsKey(match.Token) || report is { Unreadable.Count: 0, UncheckedKeys: 0 })
            .Select(match => SecretScanningFeedback.Of(match.Token, match.Type, found.GetValueOrDefault(match.Token)))
            .ToArray());
    }

    private void FollowUp(HttpRequest request, Leak leak)
    {
        if (leak is { Change: { } change, LeaId: { } leaId })
            changes.FollowUp(request, leaId, change.HasNotice, leak.Action is LeakAction.CredentialRevoked ? change.Before : null);
    }

    /// <summary>A secret key that may have leaked.</summary>
    /// <param name="SecretKey">The secret key.</param>
    /// <param name="Revoke">Whether to stop the key. The default is <c>false</c>: nothing is changed.</param>
    /// <param name="Reason">Why: 1 to 200 characters on one line. The LEA's coordinators see it. The default is a sentence that says that the key may have leaked.</param>
    private sealed record LeakRequest(string? SecretKey, bool Revoke = false, string? Reason = null)
    {
        public override string ToString() => nameof(LeakRequest); // never the key
    }

    /// <summary>What a secret key is, and what was done about it.</summary>
    /// <param name="Match">
    /// Which key of the LEA it was when it was found: the current one, the previous one during its overlap, a superseded one that does not work
    /// any more, or unknown. Unknown is certain only if <c>unreadable</c> is empty and <c>uncheckedKeys</c> is 0.
    /// </param>
    /// <param name="LeaId">The LEA's CDS code; null for an unknown key.</param>
    /// <param name="LeaName">The LEA's name; null if it is not known.</param>
    /// <param name="Generation">The generation of the key; null for an unknown key.</param>
    /// <param name="GeneratedAt">When it was generated; null for an unknown key.</param>
    /// <param name="SupersededAt">When the next key was generated; null if there is none, or the key is unknown.</param>
    /// <param name="IsUsable">Whether the key works now, after <c>action</c>.</param>
    /// <param name="Action">What was done: nothing, the credentials were revoked, or the overlap of the previous key was ended.</param>
    /// <param name="Unreadable">The LEAs with rows that could not be read. An unknown key may be one of theirs.</param>
    /// <param name="UncheckedKeys">How many stored keys could not be compared, because the version of their pepper is disabled. None of them works.</param>
    private sealed record LeakResponse(
        LeakMatch Match,
        string? LeaId,
        string? LeaName,
        int? Generation,
        DateTime? GeneratedAt,
        DateTime? SupersededAt,
        bool IsUsable,
        LeakAction Action,
        IReadOnlyList<FailureResponse> Unreadable,
        int UncheckedKeys)
    {
        public static LeakResponse Of(Leak leak, LeakReport report) => new(
            leak.Match,
            leak.LeaId?.Value,
            leak.LeaName,
            leak.Generation,
            leak.GeneratedAt?.UtcDateTime,
            leak.SupersededAt?.UtcDateTime,
            leak.IsUsable,
            leak.Action,
            [.. report.Unreadable.Select(lea => new FailureResponse(lea.Key, lea.Value))],
            report.UncheckedKeys);
    }

    /// <summary>A text that GitHub found.</summary>
    /// <param name="Token">The text that matches the format of a secret key.</param>
    /// <param name="Type">The name of the format.</param>
    /// <param name="Url">The public URL where it was found. Not used.</param>
    /// <param name="Source">Where it was found, such as <c>commit</c>. Not used.</param>
    private sealed record SecretScanningMatch(string? Token, string? Type, string? Url = null, string? Source = null)
    {
        public override string ToString() => nameof(SecretScanningMatch); // never the key
    }

    /// <summary>What a match was.</summary>
    /// <param name="TokenHash">The SHA-256 hash of the text, in hexadecimal.</param>
    /// <param name="TokenType">The name of the format.</param>
    /// <param name="Label">Whether it is or was a secret key of an LEA.</param>
    private sealed record SecretScanningFeedback(
        [property: JsonPropertyName("token_hash")] string TokenHash,
        [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("label"), AllowedValues("true_positive", "false_positive")] string Label)
    {
        public static SecretScanningFeedback Of(string token, string type, bool isKey) =>
            new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))), type, isKey ? "true_positive" : "false_positive");
    }
}
