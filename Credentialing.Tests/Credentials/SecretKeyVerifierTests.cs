using System.Security.Cryptography;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

public sealed class SecretKeyVerifierTests
{
    private static readonly SecretVersion Pepper = NewPepper("1");

    private readonly SecretKey key = SecretKey.Generate();

    [Fact]
    public void The_same_key_in_the_same_place_matches() =>
        Assert.True(Verifier().Matches(SecretKeyVerifier.Create(Pepper, TestWorld.Oakland, 1, key)));

    [Fact]
    public void Another_key_LEA_generation_or_pepper_does_not()
    {
        Assert.False(Verifier().Matches(SecretKeyVerifier.Create(Pepper, TestWorld.Oakland, 1, SecretKey.Generate())));
        Assert.False(Verifier().Matches(SecretKeyVerifier.Create(Pepper, TestWorld.Berkeley, 1, key)));
        Assert.False(Verifier().Matches(SecretKeyVerifier.Create(Pepper, TestWorld.Oakland, 2, key)));
        Assert.False(Verifier().Matches(SecretKeyVerifier.Create(NewPepper("1"), TestWorld.Oakland, 1, key)));
        Assert.False(Verifier().Matches(null));
    }

    [Fact]
    public void It_is_the_HMAC_that_its_documentation_says()
    {
        byte[] message = [.. "01612590000000"u8, 0, 0, 0, 1, .. key.Bytes];
        Assert.Equal(HMACSHA256.HashData(Pepper.Value.Span, message), Verifier().Hash.ToArray());
    }

    private SecretKeyVerifier Verifier() => SecretKeyVerifier.Create(Pepper, TestWorld.Oakland, 1, key);

    private static SecretVersion NewPepper(string version) => new(version, RandomNumberGenerator.GetBytes(32));
}
