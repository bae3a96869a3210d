using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;

namespace Credentialing.Benchmarks;

/// <summary>
/// What a vendor's request pays for the check of its secret key, beside what the slow hash for passwords would cost that
/// a key of 256 random bits has no need of.
/// </summary>
[MemoryDiagnoser]
public class CheckingASecretKey
{
    /// <summary>What the OWASP Password Storage Cheat Sheet asks of PBKDF2 with HMAC-SHA-256.</summary>
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
