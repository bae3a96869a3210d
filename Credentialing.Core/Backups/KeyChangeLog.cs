using System.Globalization;
using System.Runtime.CompilerServices;

namespace Credentialing.Core.Backups;

/// <summary>
/// Log of the changes of credentials, next to the backups: one empty blob for each change, whose name says everything. A change is
/// logged before it is made. So the restore of an older backup knows which keys do not work any more, also if the tables are lost. A logged change
/// may have failed. Thread safe.
/// </summary>
internal sealed class KeyChangeLog(BackupStore store)
{
    private const string Prefix = "changes/";
    private const string TimeFormat = "yyyy-MM-dd/HHmmssfffffff";

    /// <summary>Logs a change. Idempotent. One round trip.</summary>
    internal Task AddAsync(KeyChange change, CancellationToken cancellationToken) => store.AddAsync(NameOf(change), BinaryData.Empty, cancellationToken);

    /// <summary>Returns the changes from the instant <paramref name="since"/> on, earliest first.</summary>
    /// <exception cref="InvalidDataException">A blob has another name. The log must be complete, so it is not ignored.</exception>
    internal async IAsyncEnumerable<KeyChange> SinceAsync(DateTimeOffset since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var name in store.ListAsync(Prefix, cancellationToken))
        {
            if (Read(name) is var change && change.At >= since)
                yield return change;
        }
    }

    private static string NameOf(KeyChange change) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{change.At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}_{change.LeaId}_{change.Generation:D6}_{change.Kind}");

    private static KeyChange Read(string name) =>
        name[Prefix.Length..].Split('_') is [var time, var cds, var number, var kind] &&
        DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) &&
        LeaId.TryParse(cds, out var leaId) &&
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) &&
        Enum.TryParse<KeyChangeKind>(kind, out var known)
            ? new KeyChange(leaId, generation, known, at)
            : throw new InvalidDataException($"The log of key changes contains a blob with another name: {name}.");
}
