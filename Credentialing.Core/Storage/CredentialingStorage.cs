using Azure.Data.Tables;
using Azure.Storage.Blobs;

namespace Credentialing.Core.Storage;

/// <summary>The tables and the blob container: all data except secrets. Thread safe, because the Azure clients are.</summary>
public sealed class CredentialingStorage(TableServiceClient tables, BlobServiceClient blobs)
{
    /// <summary>The maximum number of rows in a response of Table Storage.</summary>
    public const int MaxPageSize = 1_000;

    /// <summary>One partition per LEA. The partition key is the CDS code.</summary>
    public TableClient Leas { get; } = tables.GetTableClient("Leas");

    /// <summary>
    /// Secondary index for the daily run: UTC expiry date (yyyy-MM-dd) to the LEAs whose credentials expire on it, and what else is due on
    /// that date.
    /// </summary>
    public TableClient Expirations { get; } = tables.GetTableClient("Expirations");

    /// <summary>Which reports were downloaded, by whom and when. One partition per LEA. The partition key is the CDS code.</summary>
    public TableClient Disclosures { get; } = tables.GetTableClient("Disclosures");

    /// <summary>Read model of all LEAs: what the statewide overview shows. It can be rebuilt from <see cref="Leas"/>.</summary>
    public TableClient Overview { get; } = tables.GetTableClient("Overview");

    /// <summary>The report files. Blob names: <c>{cds}/{ssid}/{year}/{type}-{language}.{format}</c>.</summary>
    public BlobContainerClient ScoreReports { get; } = blobs.GetBlobContainerClient("score-reports");

    /// <summary>Creates the tables and the container that do not exist. Idempotent.</summary>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        await Leas.CreateIfNotExistsAsync(cancellationToken);
        await Expirations.CreateIfNotExistsAsync(cancellationToken);
        await Disclosures.CreateIfNotExistsAsync(cancellationToken);
        await Overview.CreateIfNotExistsAsync(cancellationToken);
        await ScoreReports.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
    }

    /// <summary>Readiness check: sends one request to each table and to the container.</summary>
    /// <exception cref="Azure.RequestFailedException">A request was rejected, or a table or the container does not exist.</exception>
    /// <exception cref="AggregateException">A table or the container is unreachable after all retries.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(
            Reach(Leas), Reach(Expirations), Reach(Disclosures), Reach(Overview), ScoreReports.GetPropertiesAsync(cancellationToken: cancellationToken));

        async Task Reach(TableClient table) =>
            await table.QueryAsync<TableEntity>("PartitionKey eq ''", maxPerPage: 1, cancellationToken: cancellationToken)
                .AnyAsync(cancellationToken);
    }
}
