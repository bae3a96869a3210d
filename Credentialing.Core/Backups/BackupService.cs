using Azure.Data.Tables;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Backups;

/// <summary>
/// Exports the table <c>Leas</c>, once a day. The other tables can be rebuilt from it, except <c>Disclosures</c>. Thread safe.
/// </summary>
public sealed partial class BackupService(CredentialingStorage storage, BackupArchive archive, CredentialingTelemetry telemetry, TimeProvider time, ILogger<BackupService> logger)
{
    /// <summary>A ciphertext that is restored could be opened a second time.</summary>
    private static readonly HashSet<string> Omitted = [LeaPartition.CiphertextColumn];

    /// <summary>Scans the table once, one round trip per page of up to 1,000 rows, and writes a backup.</summary>
    /// <exception cref="InvalidDataException">What was read back differs from what was written.</exception>
    /// <exception cref="Azure.RequestFailedException">A request was rejected, also after retries.</exception>
    public async Task<BackupManifest> BackUpAsync(CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("back up");
        var started = time.GetTimestamp();
        try
        {
            var manifest = await archive.WriteAsync(BackupArchive.Leas, storage.Leas.QueryAsync<TableEntity>(cancellationToken: cancellationToken), Omitted, cancellationToken);
            var (bytes, elapsed) = (manifest.Parts.Sum(part => part.Bytes), time.GetElapsedTime(started));
            telemetry.RecordBackup(elapsed, failed: false);
            LogFinished(manifest.Rows, manifest.Parts.Count, bytes, elapsed.TotalSeconds);
            return manifest;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            telemetry.RecordBackup(time.GetElapsedTime(started), failed: true);
            LogFailed(FailureReason.Of(failure));
            throw;
        }
    }

    [LoggerMessage(EventId = 32, Level = LogLevel.Information, Message = "Backup finished: {Rows} rows in {Parts} parts, {Bytes} bytes, {Seconds:0.0} s.")]
    private partial void LogFinished(long rows, int parts, long bytes, double seconds);

    [LoggerMessage(EventId = 33, Level = LogLevel.Error, Message = "Backup failed: {Reason}.")]
    private partial void LogFailed(string reason);
}
