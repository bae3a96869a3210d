namespace Credentialing.Core.Storage;

/// <summary>
/// A row was written by a newer release than this one, which does not know what such a row means. It is left as it is: it can
/// only be read, changed or deleted again by the newer release. The message names no person and no value but the versions.
/// </summary>
public sealed class UnknownSchemaVersionException : Exception
{
    internal UnknownSchemaVersionException(string table, string kind, string leaId, string found, int newestKnown)
        : base($"The {kind} row of LEA {leaId} in table {table} has schema version {found}; this release knows versions up to {newestKnown}. "
            + "A newer release has written it: deploy that release again. This one leaves the row as it is.")
    {
    }
}
