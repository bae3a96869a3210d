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
/// <param name="Content">Seekable stream that reads from storage in blocks on demand. The caller disposes it.</param>
/// <param name="ETag">Changes whenever the file changes.</param>
/// <param name="LastModified">When the file was last written.</param>
public sealed record ScoreReportFile(Stream Content, ETag ETag, DateTimeOffset LastModified);

/// <summary>
/// Reads report files from Blob Storage. Every method takes the LEA. The caller must take it from the authenticated credential,
/// never from the request, so that a client can only read files of its own LEA. Thread safe.
/// </summary>
public sealed class ScoreReportStore(CredentialingStorage storage)
{
    /// <summary>Read buffer per open file, in bytes.</summary>
    public const int BufferSize = 1024 * 1024;

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

    /// <summary>Opens the file of a report. Returns null if it does not exist.</summary>
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
