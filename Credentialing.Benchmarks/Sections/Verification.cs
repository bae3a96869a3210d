using System.Security.Cryptography;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Performance;
using Microsoft.AspNetCore.Identity;

namespace Credentialing.Benchmarks.Sections;

/// <summary>The check of a secret key, beside a bare HMAC and beside hashes for passwords.</summary>
internal sealed class Verification : ISection
{
    public string Name => "verification";

    public async Task RunAsync(Report report)
    {
        var pepper = new SecretVersion("1", RandomNumberGenerator.GetBytes(32));
        var key = SecretKey.Generate();
        var text = key.Reveal();
        var verifier = SecretKeyVerifier.Create(pepper, MeasuredApp.Oakland, 1, key);
        var message = RandomNumberGenerator.GetBytes(50);
        var identity = new PasswordHasher<string>();
        var identityHash = identity.HashPassword("", text);
        var bcryptHash = BCrypt.Net.BCrypt.HashPassword(text);
        var figures = await Comparison.RunAsync(
            Side.InProcess("bare HMAC-SHA-256", 200_000, () =>
            {
                Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
                HMACSHA256.HashData(pepper.Value.Span, message, hash);
            }),
            Side.InProcess("Credentialing", 200_000, () =>
            {
                // Twice, as in a request: before and after the row is read.
                Span<byte> bytes = stackalloc byte[SecretKey.ByteLength];
                if (!SecretKey.TryDecode(text, bytes) || !SecretKey.TryDecode(text, bytes) || !verifier.Matches(pepper, MeasuredApp.Oakland, 1, bytes))
                    throw new InvalidOperationException("The key does not match.");
            }),
            Side.InProcess("ASP.NET Core Identity, PasswordHasher", 5, () => _ = identity.VerifyHashedPassword("", identityHash, text)),
            Side.InProcess("BCrypt, work factor 11", 2, () => _ = BCrypt.Net.BCrypt.Verify(text, bcryptHash)));

        report.Section("Verification of a secret key");
        report.Paragraph("The service decodes the key twice, as in a request, computes the HMAC, and compares. A key of 256 random bits needs no slow hash. Passwords do.");
        report.Table(
            ["Method", "CPU µs", "Times a bare HMAC", "Allocated"],
            figures.Select(side => (IReadOnlyList<string>)
                [side.Name, Format.Number(side.CpuMicroseconds), Format.Ratio(side.CpuMicroseconds / figures[0].CpuMicroseconds), Format.Bytes(Math.Round(side.AllocatedBytes))]));
        report.Plot("verification", "CPU time of a verification", BarChart.Draw(
            "Verification: CPU time, µs", [.. figures.Select((side, index) => (side.Name, side.CpuMicroseconds, IsOurs: index == 1))], Format.Number));
        var ratio = figures[1].CpuMicroseconds / figures[0].CpuMicroseconds;
        report.Add(new("Verification: at most 1.3 times a bare HMAC", Format.Ratio(ratio), ratio <= 1.3, "the key is decoded twice and checked by its CRC-32; once would do without the check for typos before the storage request"));
        report.Add(new("Verification: nothing allocated", Format.Bytes(Math.Round(figures[1].AllocatedBytes)), figures[1].AllocatedBytes < 1));
    }
}
