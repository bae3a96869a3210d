using System.Globalization;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Unit)]
public sealed class CredentialStatusTests
{
    private static readonly LeaCalendar Calendar = new(Pacific.Zone);

    /// <summary>15:04 Pacific Standard Time. The same local time applies 365 days later.</summary>
    private static readonly DateTimeOffset GeneratedAt = new(2026, 11, 23, 23, 4, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0:00:00", CredentialState.Active, 365, "Current credentials expire in 365 days.")]
    [InlineData("350.00:00:00", CredentialState.Active, 15, "Current credentials expire in 15 days.")]
    [InlineData("350.08:55:59", CredentialState.Active, 15, "Current credentials expire in 15 days.")] // 23:59:59 local time
    [InlineData("350.08:56:00", CredentialState.Expiring, 14, "Current credentials expire in 14 days.")] // local midnight
    [InlineData("363.00:00:00", CredentialState.Expiring, 2, "Current credentials expire in 2 days.")]
    [InlineData("364.00:00:00", CredentialState.Expiring, 1, "Current credentials expire in 1 day.")]
    [InlineData("364.08:56:00", CredentialState.Expiring, 0, "Current credentials expire today at 3:04 PM Pacific Time.")]
    [InlineData("364.23:59:59", CredentialState.Expiring, 0, "Current credentials expire today at 3:04 PM Pacific Time.")]
    [InlineData("365.00:00:00", CredentialState.Expired, 0, "Current credentials have expired.")]
    [InlineData("500.00:00:00", CredentialState.Expired, 0, "Current credentials have expired.")]
    public void Of_returns_state_days_remaining_and_notice(string age, CredentialState state, int days, string notice)
    {
        var status = CredentialStatus.Of(Generated(GeneratedAt), Calendar, GeneratedAt + TimeSpan.Parse(age, CultureInfo.InvariantCulture));
        Assert.Equal((state, days, notice), (status.State, status.DaysRemaining, status.Notice));
    }

    [Fact]
    public void Of_returns_state_None_without_credentials() =>
        Assert.Equal(new CredentialStatus(CredentialState.None, null, null, "No credentials have been generated."), CredentialStatus.Of(null, Calendar, GeneratedAt));

    [Fact]
    public void Of_returns_state_Revoked_without_days_for_revoked_credentials_also_after_their_expiry()
    {
        var revoked = Generated(GeneratedAt) with { Revocation = new(TestWorld.Luis, GeneratedAt, "It was disclosed.") };
        foreach (var now in (DateTimeOffset[])[GeneratedAt, GeneratedAt + Credential.Lifetime])
            Assert.Equal(new CredentialStatus(CredentialState.Revoked, revoked, null, "Current credentials have been revoked."), CredentialStatus.Of(revoked, Calendar, now));
    }

    [Fact]
    public void Days_remaining_never_increase_and_the_state_never_reverts() =>
        Gen.Select(Gen.Int[0, 3650 * 24 * 60], Gen.Int[0, 366 * 24 * 60], Gen.Int[0, 3 * 24 * 60]).Sample((start, age, later) =>
        {
            var generatedAt = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(start);
            var now = CredentialStatus.Of(Generated(generatedAt), Calendar, generatedAt.AddMinutes(age));
            var afterwards = CredentialStatus.Of(Generated(generatedAt), Calendar, generatedAt.AddMinutes(age + later));
            return now.DaysRemaining >= afterwards.DaysRemaining && now.State <= afterwards.State && afterwards.DaysRemaining is >= 0 and <= 366;
        });

    private static Credential Generated(DateTimeOffset at) => new(
        TestWorld.Oakland, 1, new SecretKeyVerifier("1", ReadOnlyMemory<byte>.Empty), at, TestWorld.Rosa, at + Credential.Lifetime,
        new ReleaseAuthorization(TestWorld.Rosa, at, ReleaseWording.Current.Version));
}
