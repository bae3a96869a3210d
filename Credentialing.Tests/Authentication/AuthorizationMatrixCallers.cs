using System.Text;
using System.Text.Json.Nodes;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Authentication;

/// <summary>What a caller sends to identify itself.</summary>
/// <param name="Authorization">The values of the header <c>Authorization</c>.</param>
internal sealed record Presented(params string[] Authorization)
{
    /// <summary>A query parameter.</summary>
    public string? Query { get; init; }

    /// <summary>The headers of a message of GitHub's secret scanning, by its body.</summary>
    public Func<string, (string Identifier, string Signature)>? Sign { get; init; }
}

/// <summary>A caller of the matrix.</summary>
/// <param name="Group">The callers with the same expected responses.</param>
/// <param name="Party">Who it is or pretends to be.</param>
/// <param name="What">What it sends.</param>
/// <param name="Present">Returns what it sends in a scene.</param>
internal sealed record MatrixCaller(CallerGroup Group, string Party, string What, Func<AuthorizationMatrixScene, Presented> Present)
{
    public override string ToString() => What.Length == 0 ? Party : $"{Party}: {What}";
}

/// <summary>The callers of <see cref="AuthorizationMatrix"/>.</summary>
internal static class AuthorizationMatrixCallers
{
    internal static IReadOnlyList<MatrixCaller> All { get; } = [.. OfToms(), .. OfVendors(), .. OfGitHub()];

    private static IEnumerable<MatrixCaller> OfToms()
    {
        yield return new(CallerGroup.Unidentified, "nobody", "", _ => new Presented());

        // All claims of these are those of a coordinator of the LEA, unless they are named.
        yield return Forged("empty", _ => "");
        yield return Forged("garbage", _ => "x");
        yield return Forged("three parts of garbage", _ => "a.b.c");
        yield return Forged("five parts of garbage", _ => "a.b.c.d.e");
        yield return Forged("encrypted (JWE)", toms => toms.Encrypted());
        yield return Forged("`alg` `none`", toms => toms.Token(header => header["alg"] = "none", sign: _ => []));
        yield return Forged("without its signature", toms => toms.Token(sign: _ => []));
        yield return Forged("changed after the signature", toms => toms.Changed());
        yield return Forged("signed with another key", toms => toms.Token(sign: toms.SignAsAttacker));
        yield return Forged("HMAC with the public key (DER)", toms => toms.Token(header => header["alg"] = "HS256", sign: toms.HmacWithPublicKey));
        yield return Forged("HMAC with the public key (PEM)", toms => toms.Token(header => header["alg"] = "HS256", sign: toms.HmacWithPublicPem));
        yield return Forged("own key in `jwk`", toms => toms.Token(header => { header["jwk"] = toms.AttackersKey(); header.Remove("kid"); }, sign: toms.SignAsAttacker));
        yield return Forged("own key at `jku`", toms => toms.Token(header => header["jku"] = "http://127.0.0.1:1/keys", sign: toms.SignAsAttacker));
        yield return Forged("own certificate in `x5c`", toms => toms.Token(header => { header["x5c"] = new JsonArray(toms.AttackersCertificate()); header.Remove("kid"); }, sign: toms.SignAsAttacker));
        yield return Forged("a path in `kid`", toms => toms.Token(header => (header["alg"], header["kid"]) = ("HS256", "../../../../dev/null"), sign: TomsTokens.HmacWithNothing));
        yield return Forged("another type (`logout+jwt`)", toms => toms.Token(header => header["typ"] = "logout+jwt"));
        yield return Forged("expired", toms => toms.Token(claims: claims => claims["exp"] = toms.Seconds(TimeSpan.FromMinutes(-5))));
        yield return Forged("without an end", toms => toms.Token(claims: claims => claims.Remove("exp")));
        yield return Forged("not yet valid", toms => toms.Token(claims: claims => claims["nbf"] = toms.Seconds(TimeSpan.FromMinutes(30))));
        yield return Forged("another audience", toms => toms.Token(claims: claims => claims["aud"] = "another-api"));
        yield return Forged("no audience", toms => toms.Token(claims: claims => claims.Remove("aud")));
        yield return Forged("another issuer", toms => toms.Token(claims: claims => claims["iss"] = "https://toms.example/other"));
        yield return Forged("no issuer", toms => toms.Token(claims: claims => claims.Remove("iss")));
        yield return Forged("without `sub`", toms => toms.Token(claims: claims => claims.Remove("sub")));
        yield return Forged("an empty `sub`", toms => toms.Token(claims: claims => claims["sub"] = " "));
        yield return Forged("of TOMS itself, without `sub`", toms => toms.Token(claims: claims => { claims["roles"] = "toms"; claims.Remove("sub"); }));
        yield return new(CallerGroup.Unidentified, "valid token of TOMS", "in the query", scene => new Presented { Query = $"access_token={scene.Toms.Token()}" });
        yield return new(CallerGroup.Unidentified, "valid token of TOMS", "as a password", scene => new Presented(Basic($"rosa:{scene.Toms.Token()}")));
        yield return new(CallerGroup.Unidentified, "valid token of TOMS", "after another token", scene => new Presented("Bearer x", $"Bearer {scene.Toms.Token()}"));

        yield return User(CallerGroup.OtherUser, "user without a role", claims => claims.Remove("roles"));
        yield return User(CallerGroup.OtherUser, "user with another role", claims => claims["roles"] = new JsonArray("teacher", "lea-viewer"));
        yield return User(CallerGroup.OtherUser, "user with a role in other case", claims => claims["roles"] = new JsonArray("LEA-Coordinator", "TOMS"));
        yield return User(CallerGroup.OtherUser, "user with the role in another claim", claims => { claims.Remove("roles"); claims["role"] = "toms"; });
        yield return User(CallerGroup.OtherUser, "coordinator of another LEA", claims => claims["leas"] = new JsonArray(TestWorld.Berkeley.Value));
        yield return User(CallerGroup.OtherUser, "coordinator of a part of the LEA's code", claims => claims["leas"] = new JsonArray("0161259", "016125900000000", "*"));
        yield return User(CallerGroup.OtherUser, "coordinator of no LEA", claims => claims.Remove("leas"));
        yield return User(CallerGroup.Coordinator, "coordinator of the LEA", _ => { });
        yield return User(CallerGroup.Coordinator, "coordinator of the LEA", _ => { }, "bearer");
        yield return User(CallerGroup.Toms, "TOMS", claims => { claims["roles"] = "toms"; claims.Remove("leas"); });
        yield return User(CallerGroup.Toms, "TOMS", claims => { claims["roles"] = "toms"; claims.Remove("leas"); }, "bearer");
    }

    private static IEnumerable<MatrixCaller> OfVendors()
    {
        yield return Key(CallerGroup.Unidentified, "key of an unknown username", scene => ApiHost.Basic(AuthorizationMatrixScene.Unregistered, scene.Key));
        yield return Key(CallerGroup.Unidentified, "wrong key", scene => ApiHost.Basic(TestWorld.Oakland, scene.WrongKey));
        yield return Key(CallerGroup.Unidentified, "mistyped key", scene => ApiHost.Basic(TestWorld.Oakland, scene.Key[..^1]));
        yield return Key(CallerGroup.Unidentified, "key of another LEA", scene => ApiHost.Basic(TestWorld.Oakland, scene.OtherKey));
        yield return Key(CallerGroup.Unidentified, "superseded key", scene => ApiHost.Basic(TestWorld.Oakland, scene.SupersededKey));
        yield return Key(CallerGroup.Unidentified, "previous key after its overlap", scene => ApiHost.Basic(AuthorizationMatrixScene.AfterOverlap, scene.KeyAfterOverlap));
        yield return Key(CallerGroup.Unidentified, "no key", _ => Basic($"{new Username(TestWorld.Oakland)}:"));
        yield return Key(CallerGroup.Unidentified, "key under another scheme", scene => ApiHost.Basic(TestWorld.Oakland, scene.Key).Replace("Basic", "Digest", StringComparison.Ordinal));
        yield return Token(CallerGroup.Unidentified, "key as a token", scene => scene.Key);
        yield return Token(CallerGroup.Unidentified, "token that has ended", scene => scene.EndedToken);
        yield return Token(CallerGroup.Unidentified, "token of a superseded key", scene => scene.SupersededToken);
        yield return Token(CallerGroup.Unidentified, "token of a previous key after its overlap", scene => scene.TokenAfterOverlap);
        yield return Token(CallerGroup.Unidentified, "token with another signature", scene => scene.Token[..^8] + "AAAAAAAA");
        yield return Token(CallerGroup.Unidentified, "token with `alg` `none`", scene => $"{JwtTexts.Encode("""{"alg":"none","typ":"at+jwt"}""")}.{scene.Token.Split('.')[1]}.");
        yield return Token(CallerGroup.Unidentified, "temporary link as a token", scene => scene.Link);

        yield return Key(CallerGroup.ExpiredKey, "expired key", scene => ApiHost.Basic(AuthorizationMatrixScene.Expired, scene.ExpiredKey));
        yield return Key(CallerGroup.RevokedKey, "revoked key", scene => ApiHost.Basic(AuthorizationMatrixScene.Revoked, scene.RevokedKey));
        yield return Token(CallerGroup.RevokedToken, "token of a revoked key", scene => scene.RevokedToken);

        yield return Key(CallerGroup.Key, "key", scene => ApiHost.Basic(TestWorld.Oakland, scene.Key));
        yield return Key(CallerGroup.Key, "key with the scheme `basic`", scene => ApiHost.Basic(TestWorld.Oakland, scene.Key).Replace("Basic", "basic", StringComparison.Ordinal));
        yield return Key(CallerGroup.Key, "previous key in its overlap", scene => ApiHost.Basic(TestWorld.Oakland, scene.PreviousKey));
        yield return Token(CallerGroup.Token, "token", scene => scene.Token);
        yield return Token(CallerGroup.Token, "token with the scheme `bearer`", scene => scene.Token, "bearer");
        yield return Token(CallerGroup.Token, "token of the previous key in its overlap", scene => scene.PreviousToken);
        yield return new(CallerGroup.OtherKey, "vendor of another LEA", "key", scene => new Presented(ApiHost.Basic(TestWorld.Berkeley, scene.OtherKey)));
        yield return new(CallerGroup.OtherToken, "vendor of another LEA", "token", scene => new Presented($"Bearer {scene.OtherToken}"));

        yield return Link(CallerGroup.Link, "of the report", scene => scene.Link);
        yield return Link(CallerGroup.Link, "of the report, by the previous key in its overlap", scene => scene.PreviousLink);
        yield return Link(CallerGroup.LinkOfOtherLea, "that a vendor of another LEA has for a report of the same name", scene => scene.LinkOfAnotherLea);
        yield return Link(CallerGroup.OtherLink, "of another report", scene => scene.LinkOfAnotherReport);
        yield return Link(CallerGroup.OtherLink, "of a revoked key", scene => scene.RevokedLink);
        yield return Link(CallerGroup.OtherLink, "of a superseded key", scene => scene.SupersededLink);
        yield return Link(CallerGroup.OtherLink, "that has ended", scene => scene.EndedLink);
        yield return Link(CallerGroup.OtherLink, "changed", scene => scene.Link[..^8] + "AAAAAAAA");
        yield return Link(CallerGroup.OtherLink, "a vendor's token", scene => scene.Token);
        yield return Link(CallerGroup.OtherLink, "a token of TOMS", scene => scene.Toms.Token());
    }

    private static IEnumerable<MatrixCaller> OfGitHub()
    {
        yield return Scanning(CallerGroup.Unidentified, "an unknown key", (scene, body) => ("invented", scene.GitHub.Sign(body)));
        yield return Scanning(CallerGroup.Unidentified, "the signature of another message", (scene, body) => (scene.GitHub.KeyIdentifier, scene.GitHub.Sign(body + " ")));
        yield return Scanning(CallerGroup.Unidentified, "a signature with another key", (scene, body) => (scene.GitHub.KeyIdentifier, Convert.ToBase64String(scene.Toms.SignAsAttacker(Encoding.UTF8.GetBytes(body)))));
        yield return Scanning(CallerGroup.Unidentified, "an empty signature", (scene, _) => (scene.GitHub.KeyIdentifier, ""));
        yield return Scanning(CallerGroup.GitHub, "its signature", (scene, body) => (scene.GitHub.KeyIdentifier, scene.GitHub.Sign(body)));
    }

    private static MatrixCaller Forged(string what, Func<TomsTokens, string> token) =>
        new(CallerGroup.Unidentified, "token of TOMS", what, scene => new Presented($"Bearer {token(scene.Toms)}"));

    private static MatrixCaller User(CallerGroup group, string party, Action<JsonObject> change, string scheme = "Bearer") =>
        new(group, party, scheme == "Bearer" ? "" : $"also with the scheme `{scheme}`", scene => new Presented($"{scheme} {scene.Toms.Token(claims: change)}"));

    private static MatrixCaller Key(CallerGroup group, string what, Func<AuthorizationMatrixScene, string> authorization) =>
        new(group, "vendor", what, scene => new Presented(authorization(scene)));

    private static MatrixCaller Token(CallerGroup group, string what, Func<AuthorizationMatrixScene, string> token, string scheme = "Bearer") =>
        new(group, "vendor", what, scene => new Presented($"{scheme} {token(scene)}"));

    private static MatrixCaller Link(CallerGroup group, string what, Func<AuthorizationMatrixScene, string> link) =>
        new(group, "temporary link", what, scene => new Presented { Query = $"link={link(scene)}" });

    private static MatrixCaller Scanning(CallerGroup group, string what, Func<AuthorizationMatrixScene, string, (string, string)> sign) =>
        new(group, "GitHub", what, scene => new Presented { Sign = body => sign(scene, body) });

    private static string Basic(string pair) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}";
}
