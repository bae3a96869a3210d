using Azure;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.Storage;

namespace Credentialing.Core.ScoreReports;

/// <summary>A report in a list response.</summary>
/// <param name="Report">The report.</param>
/// <param name="Length">The file size in bytes.</param>
/// <param name="LastModified">When the file was last written.</param>
public sealed record ListedScoreReport(ScoreReport Report, long Length, DateTimeOffset LastModified);

/// <summary>The file of a report, opened for reading.</summary>
/// <param name="Content">Seekable stream that reads from storage on demand, asynchronously. The caller disposes it.</param>
/// <param name="ETag">Changes whenever the file changes.</param>
/// <param name="LastModified">When the file was last written; null if it was not opened because it has not changed.</param>
public sealed record ScoreReportFile(Stream Content, ETag ETag, DateTimeOffset? LastModified);

/// <summary>
/// Reads report files from Blob Storage. Every method takes the LEA. The caller must take it from the authenticated credential,
/// never from the request, so that a client can only read files of its own LEA. Thread safe.
/// </summary>
public sealed class ScoreReportStore(CredentialingStorage storage)
{
    /// <summary>Returns a student's reports, newest year first. Empty if the LEA has no reports of this student.</summary>
    public async Task<IReadOnlyList<ListedScoreReport>> ListAsync(LeaId leaId, Ssid ssid, CancellationToken cancellationToken)
    {
        var prefix = ScoreReport.BlobPrefix(leaId, ssid);
        var reports = new List<ListedScoreReport>();
        await foreach (var blob in storage.ScoreReports.GetBlobsAsync(
            BlobTraits.None, BlobStates.None, prefix, cancellationToken))
        {
            // Ignore files whose name is not a report name: they are not for vendors.
            if (ScoreReport.TryParseBlobName(ssid, blob.Name[prefix.Length..], out var report))
                reports.Add(new(report, blob.Properties.ContentLength ?? 0, blob.Properties.LastModified ?? default));
        }

        return [.. reports.OrderByDescending(r => r.Report.Year).ThenBy(r => r.Report.Id, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Opens the file of a report: one request, which also starts to transfer the content. Reading outside of
    /// <paramref name="range"/> takes another request. Returns null if the file does not exist.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="report">The report.</param>
    /// <param name="range">The part that will be read; the default for the whole file. If it is outside of the file, it is ignored.</param>
    /// <param name="known">
    /// The ETag of a copy that the caller has; null for none. If the file still has it, the content is not transferred and the stream is
    /// empty.
    /// </param>
    /// <param name="record">
    /// Records the download. Called before the content's first bytes are returned; not if none are read. If it throws, the read fails.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<ScoreReportFile?> OpenAsync(
        LeaId leaId, ScoreReport report, HttpRange range, ETag? known, Func<Task> record, CancellationToken cancellationToken)
    {
        var blob = storage.ScoreReports.GetBlobClient(report.BlobName(leaId));
        var options = new BlobDownloadOptions { Range = range, Conditions = new BlobRequestConditions { IfNoneMatch = known } };
        try
        {
            var response = await blob.DownloadStreamingAsync(options, cancellationToken);
            if (!response.HasValue) // 304
                return new ScoreReportFile(Stream.Null, known!.Value, LastModified: null);
            var details = response.Value.Details;
            return new ScoreReportFile(new ScoreReportContent(blob, response.Value, record), details.ETag, details.LastModified);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == BlobErrorCode.InvalidRange && range != default)
        {
            return await OpenAsync(leaId, report, default, known, record, cancellationToken);
        }
    }
}
