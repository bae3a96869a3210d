using Azure.Data.Tables;
using Azure.Storage.Blobs;

namespace Credentialing.Core.Storage;

/// <summary>The two tables and the blob container that hold everything but the secrets.</summary>
public sealed class CredentialingStorage(TableServiceClient tables, BlobServiceClient blobs)
{
    /// <summary>One partition for each LEA, keyed by its CDS code.</summary>
    public TableClient Leas { get; } = tables.GetTableClient("Leas");

    /// <summary>Pointers from a UTC expiry date (yyyy-MM-dd) to the LEAs whose credentials end on it.</summary>
    public TableClient Expirations { get; } = tables.GetTableClient("Expirations");

    /// <summary>The report files, under <c>{cds}/{ssid}/{year}/{type}-{language}.{format}</c>.</summary>
    public BlobContainerClient ScoreReports { get; } = blobs.GetBlobContainerClient("score-reports");

    /// <summary>Creates what is missing of it, and leaves alone what is there.</summary>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        await Leas.CreateIfNotExistsAsync(cancellationToken);
        await Expirations.CreateIfNotExistsAsync(cancellationToken);
        await ScoreReports.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
    }

    /// <summary>Reaches the tables and the container once each.</summary>
    /// <exception cref="Azure.RequestFailedException">One of them refuses, or is not there.</exception>
    /// <exception cref="AggregateException">One of them stayed away through all retries.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Reach(Leas), Reach(Expirations), ScoreReports.GetPropertiesAsync(cancellationToken: cancellationToken));

        async Task Reach(TableClient table) =>
            await table.QueryAsync<TableEntity>("PartitionKey eq ''", maxPerPage: 1, cancellationToken: cancellationToken)
                .AnyAsync(cancellationToken);
    }
}
