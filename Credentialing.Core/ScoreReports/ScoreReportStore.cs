using Azure;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.Storage;

namespace Credentialing.Core.ScoreReports;

/// <summary>A report in a listing.</summary>
/// <param name="Report">Which it is.</param>
/// <param name="Length">The file's length in bytes.</param>
/// <param name="LastModified">When the file was last written.</param>
public sealed record ListedScoreReport(ScoreReport Report, long Length, DateTimeOffset LastModified);

/// <summary>A report's file, open for reading.</summary>
/// <param name="Content">Its bytes, fetched from storage piece by piece as they are read; seekable. The caller disposes of it.</param>
/// <param name="ETag">Changes whenever the file does.</param>
/// <param name="LastModified">When the file was last written.</param>
public sealed record ScoreReportFile(Stream Content, ETag ETag, DateTimeOffset LastModified);

/// <summary>
/// The report files on Blob Storage. Every question names the LEA, which the caller takes from the authenticated
/// credential and never from the request: nothing outside that LEA's folder can be reached from here.
/// </summary>
public sealed class ScoreReportStore(CredentialingStorage storage)
{
    /// <summary>How much of a file is in memory at a time.</summary>
    public const int BufferSize = 1024 * 1024;

    /// <summary>A student's reports, newest year first; none where the LEA has no such student.</summary>
    public async Task<IReadOnlyList<ListedScoreReport>> ListAsync(LeaId leaId, Ssid ssid, CancellationToken cancellationToken)
    {
        var prefix = ScoreReport.BlobPrefix(leaId, ssid);
        var reports = new List<ListedScoreReport>();
        await foreach (var blob in storage.ScoreReports.GetBlobsAsync(
            BlobTraits.None, BlobStates.None, prefix, cancellationToken))
        {
            // A file whose name is not a report's was not put there for vendors.
            if (ScoreReport.TryParseBlobName(ssid, blob.Name[prefix.Length..], out var report))
                reports.Add(new(report, blob.Properties.ContentLength ?? 0, blob.Properties.LastModified ?? default));
        }

        return [.. reports.OrderByDescending(r => r.Report.Year).ThenBy(r => r.Report.Id, StringComparer.Ordinal)];
    }

    /// <summary>Opens a report's file; null where the LEA has none such.</summary>
    public async Task<ScoreReportFile?> OpenAsync(LeaId leaId, ScoreReport report, CancellationToken cancellationToken)
    {
        var blob = storage.ScoreReports.GetBlobClient(report.BlobName(leaId));
        try
        {
            BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            var content = await blob.OpenReadAsync(
                new BlobOpenReadOptions(allowModifications: false)
                {
                    BufferSize = BufferSize,
                    Conditions = new BlobRequestConditions { IfMatch = properties.ETag },
                },
                cancellationToken);
            return new ScoreReportFile(content, properties.ETag, properties.LastModified);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
    }
}
