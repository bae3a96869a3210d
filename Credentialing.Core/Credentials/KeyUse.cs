using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Credentials;

/// <summary>The last day on which a client authenticated with one generation of an LEA's secret key. Immutable.</summary>
/// <param name="Client">The client.</param>
/// <param name="Generation">The generation of the key.</param>
/// <param name="LastUsedOn">The date, in the LEA's time zone.</param>
public sealed record KeyUse(ClientName Client, int Generation, DateOnly LastUsedOn)
{
    /// <summary>The maximum number of clients that are recorded by name for one generation. All others count as <see cref="ClientName.Other"/>.</summary>
    public const int MaxClients = 50;

    /// <summary>Reads a <c>use:</c> row.</summary>
    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    internal static KeyUse Read(TableEntity row) =>
        row.RowKey.Split(':') is [_, var generation, var client]
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && new KeyUse(ClientName.Of(client), number, default) is var use
        && row.RowKey == use.RowKey
            ? use with { LastUsedOn = ReadDate(row) }
            : throw UnreadableRowException.Corrupt(row, "has no valid row key");

    /// <exception cref="UnreadableRowException">The column is missing or is not a date.</exception>
    internal static DateOnly ReadDate(TableEntity row) =>
        DateOnly.TryParseExact(row.Required<string>(nameof(LastUsedOn)), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw UnreadableRowException.Corrupt(row, $"has no valid {nameof(LastUsedOn)}");

    /// <summary>The row to insert or merge.</summary>
    internal TableEntity Write(LeaId leaId)
    {
        var row = LeaPartition.Entity(leaId, RowKey);
        row[nameof(LastUsedOn)] = LastUsedOn.ToString("O", CultureInfo.InvariantCulture);
        return row;
    }

    /// <summary>The beginning of the row keys of one generation. Row keys sort by generation.</summary>
    internal static string RowKeyPrefix(int generation) => string.Create(CultureInfo.InvariantCulture, $"{LeaPartition.UseRowPrefix}{generation:D6}:");

    internal string RowKey => RowKeyPrefix(Generation) + Client;
}
