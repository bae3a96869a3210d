using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.Storage;

namespace Credentialing.Core.ScoreReports;

/// <summary>
/// The content of a report's file as a seekable stream. It reads from the response to the GET request that opened the file. To read
/// elsewhere in the file, it sends another one, for the same version of the file. Returns the first bytes only after the download was
/// recorded. Reads asynchronously only.
/// </summary>
internal sealed class ScoreReportContent : Stream
{
    private readonly BlobClient blob;
    private readonly ETag etag;
    private Func<Task>? record;
    private BlobDownloadStreamingResult response;
    private long next;
    private long end;

    /// <param name="blob">The file.</param>
    /// <param name="response">The response that opened it: all of the file, or a range.</param>
    /// <param name="record">Records the download. Called once, before the first bytes are returned. If it throws, none are.</param>
    internal ScoreReportContent(BlobClient blob, BlobDownloadStreamingResult response, Func<Task> record)
    {
        this.blob = blob;
        this.record = record;
        this.response = response;
        etag = response.Details.ETag;
        Length = ReadRange() ?? response.Details.ContentLength;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    /// <exception cref="RequestFailedException">The file was replaced or deleted, or storage is unavailable.</exception>
    /// <exception cref="TimeoutException">Storage sends nothing within <see cref="StorageRetryPolicy.TimeLimit"/>.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length)
            return 0;
        var count = await ReadFromStorageAsync(buffer, cancellationToken);
        if (record is not null && count > 0)
        {
            await record();
            record = null;
        }

        return count;
    }

    /// <inheritdoc cref="ReadAsync(Memory{byte}, CancellationToken)"/>
    private async ValueTask<int> ReadFromStorageAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StorageRetryPolicy.TimeLimit);
        try
        {
            if (Position != next || next == end)
                await ReopenAsync(timeout.Token);
            var count = await response.Content.ReadAsync(buffer, timeout.Token);
            next += count;
            Position = next;
            return count;
        }
        // The framework takes a cancellation for that of the client, and sends no error.
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("Storage did not send the content of a score report in time.", failure);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Current => Position,
        SeekOrigin.End => Length,
        _ => 0,
    };

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            response.Dispose();
        base.Dispose(disposing);
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        response.Dispose();
        response = await blob.DownloadStreamingAsync(
            new BlobDownloadOptions { Range = new HttpRange(Position), Conditions = new BlobRequestConditions { IfMatch = etag } }, cancellationToken);
        ReadRange();
    }

    /// <summary>Sets the range of the file that the response contains. Returns the file's length; null if it is that of the response.</summary>
    private long? ReadRange()
    {
        var details = response.Details;
        string[]? range = string.IsNullOrEmpty(details.ContentRange) ? null : details.ContentRange.Split(' ', '-', '/'); // bytes 4-9/10
        next = range is null ? 0 : long.Parse(range[1], CultureInfo.InvariantCulture);
        end = next + details.ContentLength;
        return range is null ? null : long.Parse(range[^1], CultureInfo.InvariantCulture);
    }
}
