using System.Security.Cryptography;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Unit)]
public sealed class SecretKeyVerifierTests
{
    private static readonly SecretVersion Pepper = NewPepper("1");

    private readonly SecretKey key = SecretKey.Generate();

    [Fact]
    public void Matches_returns_true_for_the_same_key_LEA_generation_and_pepper() =>
        Assert.True(Verifier().Matches(Pepper, TestWorld.Oakland, 1, key.Bytes));

    [Fact]
    public void Matches_returns_false_for_another_key_LEA_generation_or_pepper()
    {
        Assert.False(Verifier().Matches(Pepper, TestWorld.Oakland, 1, SecretKey.Generate().Bytes));
        Assert.False(Verifier().Matches(Pepper, TestWorld.Berkeley, 1, key.Bytes));
        Assert.False(Verifier().Matches(Pepper, TestWorld.Oakland, 2, key.Bytes));
        Assert.False(Verifier().Matches(NewPepper("1"), TestWorld.Oakland, 1, key.Bytes));
        Assert.False(Verifier().Matches(new SecretVersion("2", Pepper.Value.ToArray()), TestWorld.Oakland, 1, key.Bytes));
    }

    [Fact]
    public void Hash_is_the_documented_HMAC()
    {
        byte[] message = [.. "01612590000000"u8, 0, 0, 0, 1, .. key.Bytes];
        Assert.Equal(HMACSHA256.HashData(Pepper.Value.Span, message), Verifier().Hash.ToArray());
    }

    private SecretKeyVerifier Verifier() => SecretKeyVerifier.Create(Pepper, TestWorld.Oakland, 1, key);

    private static SecretVersion NewPepper(string version) => new(version, RandomNumberGenerator.GetBytes(32));
}
