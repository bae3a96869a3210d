namespace Credentialing.Core.Backups;

/// <summary>
/// The list of the parts of a backup. It is written last, after all parts were read back. A backup without it is incomplete, and is
/// ignored.
/// </summary>
/// <param name="Format">The version of the format: <see cref="CurrentFormat"/>.</param>
/// <param name="StartedAt">When the export of the table began. Every row is as it was then, or later.</param>
/// <param name="EndedAt">When all parts were read back.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Parts">The parts, in the order of the rows: by partition key, then by row key.</param>
public sealed record BackupManifest(int Format, DateTimeOffset StartedAt, DateTimeOffset EndedAt, long Rows, IReadOnlyList<BackupPart> Parts)
{
    /// <summary>The version of the format that this release writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Whether it has all members. JSON can lack them, whatever their types are.</summary>
    internal bool IsComplete => StartedAt > DateTimeOffset.UnixEpoch && Parts is not null && Parts.All(part => part is { Name.Length: > 0, Sha256: not null });
}

/// <summary>One part of a backup: a blob with gzip-compressed lines of JSON.</summary>
/// <param name="Name">The name of the blob in the container.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Bytes">The size of the blob in bytes.</param>
/// <param name="Sha256">The SHA-256 hash of the blob, in lower-case hexadecimal digits.</param>
public sealed record BackupPart(string Name, int Rows, long Bytes, string Sha256);
