using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Screens;

/// <summary>
/// A link with which a vendor gets credentials. A separate implementation of the format in <c>web/site/scripts/share-crypto.js</c>.
/// </summary>
internal sealed partial record SharedLink(string Id, byte[] Key)
{
    private const int SaltLength = 16;
    private const int IvLength = 12;
    private const int TagLength = 16;

    /// <summary>The path and the fragment of the page.</summary>
    internal string Path => $"share/#{Id}.{Base64Url.EncodeToString(Key)}";

    internal static SharedLink Parse(string url)
    {
        var match = Pattern().Match(url);
        Assert.True(match.Success, url);
        return new(match.Groups["id"].Value, Base64Url.DecodeFromChars(match.Groups["key"].Value));
    }

    /// <summary>Creates a share of Oakland's current credentials, as Rosa Delgado.</summary>
    internal static async Task<SharedLink> CreateAsync(ApiHost host, string secretKey, string passphrase = "", string vendor = "Aeries")
    {
        var status = (await host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/credentials", "rosa")).Json;
        var key = RandomNumberGenerator.GetBytes(32);
        var ciphertext = Encrypt(key, passphrase, new
        {
            leaId = TestWorld.Oakland.Value,
            lea = "Oakland Unified",
            vendor,
            baseUrl = status.GetProperty("vendors").GetProperty("baseUrl").GetString(),
            username = new Username(TestWorld.Oakland).ToString(),
            secretKey,
            expiresAt = status.GetProperty("expiresAt").GetString(),
            timeZone = status.GetProperty("timeZone").GetString(),
            guideUrl = status.GetProperty("vendors").GetProperty("guideUrl").GetString(),
        });
        return new(await CreateShareAsync(host, ciphertext, vendor), key);
    }

    /// <summary>Stores a ciphertext as Rosa Delgado. Returns the id of the share.</summary>
    internal static async Task<string> CreateShareAsync(ApiHost host, string ciphertext, string vendor = "Aeries")
    {
        var created = await host.SendAsync(HttpMethod.Post, $"leas/{TestWorld.Oakland}/shares", "rosa", ApiHost.Json(JsonSerializer.Serialize(new { vendor, ciphertext, expiresInHours = 24 })));
        Assert.Equal(HttpStatusCode.Created, created.Status);
        return created.Json.GetProperty("id").GetString()!;
    }

    /// <summary>Encrypts JSON. Returns base64url.</summary>
    internal static string Encrypt(byte[] key, string passphrase, object content)
    {
        byte[] version = [(byte)(passphrase.Length == 0 ? 1 : 2)];
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        var iv = RandomNumberGenerator.GetBytes(IvLength);
        var plaintext = JsonSerializer.SerializeToUtf8Bytes(content);
        var encrypted = new byte[plaintext.Length];
        var tag = new byte[TagLength];
        using var aes = new AesGcm(DeriveKey(key, passphrase, salt), TagLength);
        aes.Encrypt(iv, plaintext, encrypted, tag, version);
        return Base64Url.EncodeToString([.. version, .. salt, .. iv, .. encrypted, .. tag]);
    }

    /// <summary>Decrypts the JSON of a base64url ciphertext.</summary>
    /// <exception cref="CryptographicException">The key or the passphrase is wrong.</exception>
    internal JsonElement Decrypt(string ciphertext, string passphrase)
    {
        var bytes = Base64Url.DecodeFromChars(ciphertext).AsSpan();
        var version = bytes[..1];
        var salt = bytes.Slice(1, SaltLength);
        var iv = bytes.Slice(1 + SaltLength, IvLength);
        Assert.Equal(passphrase.Length == 0 ? 1 : 2, version[0]);
        var encrypted = bytes[(1 + SaltLength + IvLength)..^TagLength];
        var plaintext = new byte[encrypted.Length];
        using var aes = new AesGcm(DeriveKey(Key, passphrase, salt.ToArray()), TagLength);
        aes.Decrypt(iv, encrypted, bytes[^TagLength..], plaintext, version);
        return JsonElement.Parse(plaintext);
    }

    private static byte[] DeriveKey(byte[] key, string passphrase, byte[] salt)
    {
        byte[] stretched = passphrase.Length == 0 ? [] : Rfc2898DeriveBytes.Pbkdf2(passphrase.Normalize(NormalizationForm.FormKC), salt, 600_000, HashAlgorithmName.SHA256, 32);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, [.. key, .. stretched], 32, salt, Encoding.UTF8.GetBytes("credentialing-share"));
    }

    [GeneratedRegex("/share/#(?<id>[0-9]{14}-[0-9a-f]{32})\\.(?<key>[A-Za-z0-9_-]{43})$")]
    private static partial Regex Pattern();
}
