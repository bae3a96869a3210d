using System.Globalization;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Reminders;

[Kind(TestKind.Unit)]
public sealed class MilestoneTests
{
    private const int Iterations = 100_000;

    private static readonly IReadOnlyList<TimeZoneInfo> Zones = TimeZoneInfo.GetSystemTimeZones();

    private static readonly LeaCalendar Calendar = new(Pacific.Zone);

    /// <summary>Random instants of 30 years. Favors local midnights, days around daylight saving changes, and 29 February.</summary>
    private static readonly Gen<DateTimeOffset> Instants = Gen.Frequency(
        (4, Gen.Long[0, 30L * 365 * 24 * 3600].Select(seconds => new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(seconds))),
        (4, Gen.Select(Gen.Int[0, 30 * 365], Gen.Int[-90, 90], (day, seconds) => Pacific.At(new DateTime(2020, 1, 1).AddDays(day).AddSeconds(seconds)))),
        (1, Gen.Select(Gen.Int[2020, 2049], Gen.Bool, Gen.Int[0, 6], Gen.Int[0, (24 * 3600) - 1], (year, spring, day, seconds) =>
            Pacific.At((spring ? new DateTime(year, 3, 8) : new DateTime(year, 11, 1)).AddDays(day).AddSeconds(seconds)))),
        (1, Gen.Select(Gen.Int[505, 512], Gen.Int[0, (24 * 3600) - 1], (fourYears, seconds) => Pacific.At(new DateTime(4 * fourYears, 2, 29).AddSeconds(seconds)))));

    [Fact]
    public void DaysUntil_returns_the_days_between_the_local_dates_at_any_time_of_day() =>
        Gen.Select(Instants, Gen.Int[0, 400], Gen.Int[0, (24 * 3600) - 1]).Sample((generatedAt, days, second) =>
        {
            var expiresAt = generatedAt + Credential.Lifetime;
            var now = Pacific.At(Calendar.LocalDate(expiresAt).AddDays(-days).ToDateTime(TimeOnly.MinValue).AddSeconds(second));
            return Calendar.DaysUntil(expiresAt, now) == days;
        }, iter: Iterations);

    [Fact]
    public void Reached_returns_a_milestone_from_its_date_until_the_next_one() =>
        Gen.Int[-5, 400].Sample(days => Milestone.Reached(days)?.Days == days switch
        {
            > 14 => null,
            > 7 => 14,
            > 3 => 7,
            > 1 => 3,
            _ => (int?)1,
        });

    [Fact]
    public void ReachedAfterExpiry_returns_a_milestone_from_its_date_until_the_next_one_and_the_last_for_a_week() =>
        Gen.Int[-400, 5].Sample(days => Milestone.ReachedAfterExpiry(days)?.Days == days switch
        {
            > 0 => null,
            > -7 => 0,
            > -14 => -7,
            > -21 => -14,
            > -28 => -21,
            > -35 => -28,
            _ => (int?)null,
        });

    [Fact]
    public void Of_returns_the_milestone_with_that_number_of_days_only() => Gen.Int[-40, 40].Sample(days =>
        Milestone.Of(days)?.Days == (days is 14 or 7 or 3 or 1 or 0 or -7 or -14 or -21 or -28 ? days : null));

    [Fact]
    public void The_index_entries_that_a_run_reads_include_all_expiring_credentials_in_every_time_zone() =>
        Gen.Select(Instants, Gen.Int[0, 16 * 24 * 3600], Gen.Int[0, Zones.Count - 1]).Sample((expiresAt, before, zone) =>
        {
            var calendar = new LeaCalendar(Zones[zone]);
            var now = expiresAt.AddSeconds(-before);
            var isRead = string.CompareOrdinal(
                ExpirationIndex.DateOf(expiresAt),
                calendar.LocalDate(now).AddDays(CredentialStatus.ExpiringDays + 1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)) <= 0;
            return isRead || calendar.DaysUntil(expiresAt, now) > CredentialStatus.ExpiringDays;
        }, iter: Iterations);

    [Fact]
    public void OperationId_is_the_same_for_all_attempts_and_unique_for_each_reminder()
    {
        var reminders =
            from lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley]
            from generation in Enumerable.Range(1, 50)
            from milestone in Milestone.All
            from attempt in Enumerable.Range(0, 2)
            select (key: (lea, generation, milestone), ReminderOf(lea, generation, milestone, attempt).OperationId);

        var ids = reminders.GroupBy(item => item.key, item => item.OperationId).Select(group => group.Distinct().Single()).ToList();

        Assert.Distinct(ids);
        Assert.All(ids, id => Assert.Equal((8, true), (id.Version, id.Variant is >= 8 and <= 11)));
        Assert.Equal("d4416fba-91b6-88fc-8ba5-d119ab09e9fd", ReminderOf(TestWorld.Oakland, 1, Milestone.All[0], 0).OperationId.ToString()); // must never change
    }

    private static Reminder ReminderOf(LeaId lea, int generation, Milestone milestone, int attempt)
    {
        var generatedAt = new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero).AddDays(attempt);
        var credential = new Credential(
            lea, generation, new SecretKeyVerifier("1", new byte[32]), generatedAt, TestWorld.Rosa, generatedAt + Credential.Lifetime,
            new ReleaseAuthorization(TestWorld.Rosa, generatedAt, ReleaseWording.Current.Version));
        return new Reminder(credential, $"attempt {attempt}", milestone, milestone.Days - attempt, attempt == 0 ? [TestWorld.Rosa] : [], []);
    }
}
