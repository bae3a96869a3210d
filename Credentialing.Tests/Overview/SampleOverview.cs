using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Core.Overview;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Overview;

/// <summary>A statewide overview with fictitious LEAs in every state. Their county code, 99, does not exist.</summary>
internal static class SampleOverview
{
    private static readonly string[] Places =
    [
        "Arroyo Seco", "Bahía Azul", "Cañón Largo", "Dos Robles", "El Encinal", "Fort Mercer", "Golden Valley", "Harbor View", "Iron Ridge", "Juniper Flat", "Kings Landing",
        "La Peña", "Mirador", "North Fork", "Ojo Claro", "Pine Hollow", "Quail Creek", "Redwood Bend", "Sierra Alta", "Tule Lake", "Union Hill", "Valle Verde",
    ];

    private static readonly string[] Kinds = ["Unified", "Elementary", "Union High"];

    private static readonly string[] People = ["Amaya Torres", "Ben Whitfield", "Cruz Pham", "Dana Okafor", "Elena Vega"];

    private static readonly string[] Vendors = ["Aeries", "SEIS", "Infinite Campus", "unknown"];

    /// <summary>The number of LEAs.</summary>
    internal static int Count => Places.Length * Kinds.Length;

    /// <summary>The number of LEAs whose credentials expire within seven days.</summary>
    internal const int ThisWeek = 20;

    /// <summary>Stores the overview, and the time of its check: an hour ago.</summary>
    internal static async Task StoreAsync(TestWorld world)
    {
        var now = world.Clock.GetUtcNow();
        var table = world.Account.Tables().GetTableClient("Overview");
        await table.SubmitTransactionAsync(Enumerable.Range(0, Count).Select(number => new TableTransactionAction(TableTransactionActionType.Add, Create(number, now).Write())));
        await table.AddEntityAsync(new TableEntity("check", "last") { ["BeganAt"] = now.AddHours(-1) });
    }

    private static LeaOverview Create(int number, DateTimeOffset now)
    {
        var id = LeaId.Parse(string.Create(CultureInfo.InvariantCulture, $"99{number + 10000:D5}0000000"));
        var person = People[number % People.Length];
        var overview = new LeaOverview(id, $"{Places[number / Kinds.Length]} {Kinds[number % Kinds.Length]}")
        {
            Coordinators = number % 11 == 0 ? [new("a", person, null)] : [new("a", person, Address(person)), .. number % 4 == 0 ? [new Coordinator("b", "Faye Lindqvist", Address("Faye Lindqvist"))] : (Coordinator[])[]],
        };
        int? daysRemaining = number switch
        {
            < ThisWeek => number % 8,
            < ThisWeek + 6 => -(number - ThisWeek) * 3 - 1,
            < ThisWeek + 11 => 8 + number % 7,
            < ThisWeek + 16 => null,
            _ => 20 + number * 47 % 340,
        };
        if (daysRemaining is not { } days)
            return overview;
        var expiresAt = now.AddDays(days).AddHours(2);
        DateTimeOffset? sentAt = days > 14 ? null : days < 0 ? expiresAt.AddDays(-1) : now.AddHours(-6);
        var refused = number % 9 == 4;
        return overview with
        {
            Generation = 1 + number % 3,
            GeneratedAt = expiresAt.AddDays(-365),
            GeneratedBy = person,
            ExpiresAt = expiresAt,
            RevokedAt = number > ThisWeek + 16 && number % 10 == 0 ? now.AddDays(-number) : null,
            LastUsedOn = number % 6 == 5 ? null : DateOnly.FromDateTime(now.UtcDateTime).AddDays(-1 - number % 9),
            LastUsedBy = number % 6 == 5 ? null : Vendors[number % Vendors.Length],
            LastEmail = sentAt is null ? null : new LastEmail(days <= 1 ? 1 : days <= 3 ? 3 : days <= 7 ? 7 : 14, sentAt, refused ? EmailResult.Refused : EmailResult.Sent, refused ? [Address(person)] : []),
        };
    }

    private static string Address(string person) => $"{person.ToLowerInvariant().Replace(' ', '.')}@lea.example";
}
