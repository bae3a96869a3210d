using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;

namespace Credentialing.Benchmarks;

/// <summary>
/// The cost of checking a secret key in a vendor request, compared with a slow password hash. A key of 256 random bits does not
/// need a slow hash.
/// </summary>
[MemoryDiagnoser]
public class CheckingASecretKey
{
    /// <summary>The iteration count that the OWASP Password Storage Cheat Sheet recommends for PBKDF2 with HMAC-SHA-256.</summary>
    private const int PasswordIterations = 600_000;

    private static readonly LeaId Oakland = LeaId.Parse("01612590000000");

    private readonly SecretVersion pepper = new("1", RandomNumberGenerator.GetBytes(32));
    private string text = "";
    private SecretKeyVerifier stored = null!;

    [GlobalSetup]
    public void Generate()
    {
        var key = SecretKey.Generate();
        text = key.Reveal();
        stored = SecretKeyVerifier.Create(pepper, Oakland, 1, key);
    }

    [Benchmark(Baseline = true)]
    public bool ReadAndVerify() =>
        SecretKey.TryParse(text, out var key) && SecretKeyVerifier.Create(pepper, Oakland, 1, key).Matches(stored);

    [Benchmark]
    public bool RejectATypo() => SecretKey.TryParse(text[..^1] + '?', out _);

    [Benchmark]
    public byte[] HashLikeAPassword() => Rfc2898DeriveBytes.Pbkdf2(text, pepper.Value.Span, PasswordIterations, HashAlgorithmName.SHA256, outputLength: 32);
}
