using Azure.Data.Tables;
using Credentialing.Core.Backups;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Recovery;

/// <summary>
/// The daily backup of the tables <c>Leas</c>, all of it, and <c>Disclosures</c>, what is new. The other tables can be rebuilt. Thread safe.
/// </summary>
public sealed partial class BackupService(
    CredentialingStorage storage, BackupArchive archive, DisclosureBackup disclosures, CredentialingTelemetry telemetry, TimeProvider time, ILogger<BackupService> logger)
{
    /// <summary>A ciphertext that is restored could be opened a second time.</summary>
    private static readonly HashSet<string> Omitted = [LeaPartition.CiphertextColumn];

    /// <summary>Scans the table <c>Leas</c> once, one round trip per page of up to 1,000 rows, and writes both backups.</summary>
    /// <exception cref="InvalidDataException">What was read back differs from what was written.</exception>
    /// <exception cref="Azure.RequestFailedException">A request was rejected, also after retries.</exception>
    public async Task<(BackupManifest Leas, BackupManifest Disclosures)> BackUpAsync(CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("back up");
        var started = time.GetTimestamp();
        try
        {
            var leas = await archive.WriteAsync(BackupArchive.Leas, storage.Leas.QueryAsync<TableEntity>(cancellationToken: cancellationToken), Omitted, cancellationToken);
            var downloads = await disclosures.BackUpAsync(cancellationToken);
            var (bytes, elapsed) = (leas.Parts.Concat(downloads.Parts).Sum(part => part.Bytes), time.GetElapsedTime(started));
            telemetry.RecordBackup(elapsed, failed: false);
            LogFinished(leas.Rows, downloads.Rows, bytes, elapsed.TotalSeconds);
            return (leas, downloads);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            telemetry.RecordBackup(time.GetElapsedTime(started), failed: true);
            LogFailed(FailureReason.Of(failure));
            throw;
        }
    }

    [LoggerMessage(EventId = 32, Level = LogLevel.Information, Message = "Backup finished: {Rows} rows of LEAs, {Downloads} downloads, {Bytes} bytes, {Seconds:0.0} s.")]
    private partial void LogFinished(long rows, long downloads, long bytes, double seconds);

    [LoggerMessage(EventId = 33, Level = LogLevel.Error, Message = "Backup failed: {Reason}.")]
    private partial void LogFailed(string reason);
}
