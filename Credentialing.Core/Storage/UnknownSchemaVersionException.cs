namespace Credentialing.Core.Storage;

/// <summary>
/// A newer release wrote the row. This release does not read, change or delete it; the newer release can. The message contains
/// no personal data.
/// </summary>
public sealed class UnknownSchemaVersionException : Exception
{
    internal UnknownSchemaVersionException(string table, string kind, string leaId, string found, int newestKnown)
        : base($"The {kind} row of LEA {leaId} in table {table} has schema version {found}; this release knows versions up to {newestKnown}. "
            + "A newer release wrote it: deploy that release again. The row was not changed.")
    {
    }
}
