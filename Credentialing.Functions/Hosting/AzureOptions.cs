using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>
/// The endpoints of the app's Azure resources: settings <c>Credentialing:Azure:*</c>. The app uses its managed identity for all of them.
/// </summary>
public sealed class AzureOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:Azure";

    /// <summary>The table endpoint of the storage account, such as <c>https://ACCOUNT.table.core.windows.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? TableEndpoint { get; set; }

    /// <summary>The blob endpoint of the storage account, such as <c>https://ACCOUNT.blob.core.windows.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? BlobEndpoint { get; set; }

    /// <summary>The blob endpoint of the storage account of the backups, such as <c>https://ACCOUNT.blob.core.windows.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? BackupEndpoint { get; set; }

    /// <summary>The Key Vault, such as <c>https://VAULT.vault.azure.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? VaultUri { get; set; }

    /// <summary>
    /// The Communication Services resource that sends email, such as <c>https://NAME.unitedstates.communication.azure.com</c>; null
    /// if email is sent by SMTP.
    /// </summary>
    [HttpsAddress]
    public Uri? CommunicationEndpoint { get; set; }
}
