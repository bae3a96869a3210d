using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Credentialing.Core.Backups;

/// <summary>
/// The container of the backups, in a storage account of its own. The app may add blobs and read them, but neither replace nor delete
/// one. Thread safe, because the Azure client is.
/// </summary>
public sealed class BackupStore(BlobServiceClient blobs)
{
    /// <summary>More than any blob that this class adds. The limit of the service is 5,000 MiB.</summary>
    private const long BlobSizeLimit = 64L * 1024 * 1024;

    /// <summary>The container.</summary>
    public BlobContainerClient Container { get; } = blobs.GetBlobContainerClient("backups");

    /// <summary>Creates the container if it does not exist. Idempotent. On Azure, the templates create it.</summary>
    public Task CreateMissingAsync(CancellationToken cancellationToken) => Container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);

    /// <summary>
    /// Adds a blob with one request. Never replaces one: does nothing if there is a blob with this name, such as the one of an earlier
    /// attempt whose response was lost.
    /// </summary>
    internal async Task AddAsync(string name, BinaryData content, CancellationToken cancellationToken)
    {
        // One "Put Blob" request, whatever the size: the app has no right to put blocks.
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            TransferOptions = new() { InitialTransferSize = BlobSizeLimit },
            TransferValidation = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 }, // immutable storage may require a checksum
        };
        var blob = Container.GetBlobClient(name);
        try
        {
            await blob.UploadAsync(content, options, cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.Status is 409 or 403) // 403: the app has no right to replace a blob
        {
            if (!await blob.ExistsAsync(cancellationToken))
                throw;
        }
    }

    /// <summary>Reads a blob.</summary>
    /// <exception cref="RequestFailedException">It does not exist, or the request is rejected.</exception>
    internal async Task<BinaryData> ReadAsync(string name, CancellationToken cancellationToken) =>
        (await Container.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value.Content;

    /// <summary>Returns the names of the blobs that begin with <paramref name="prefix"/>, in their order. One round trip per 5,000.</summary>
    internal IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) =>
        Container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken).Select(blob => blob.Name);
}
