using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>Where the app's Azure resources are, all reached with its managed identity: settings <c>Credentialing:Azure:*</c>.</summary>
public sealed class AzureOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing:Azure";

    /// <summary>The storage account's tables, such as <c>https://ACCOUNT.table.core.windows.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? TableEndpoint { get; set; }

    /// <summary>The storage account's blobs, such as <c>https://ACCOUNT.blob.core.windows.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? BlobEndpoint { get; set; }

    /// <summary>The vault, such as <c>https://VAULT.vault.azure.net</c>.</summary>
    [Required, HttpsAddress]
    public Uri? VaultUri { get; set; }

    /// <summary>
    /// The Communication Services resource that sends email, such as <c>https://NAME.unitedstates.communication.azure.com</c>; null
    /// if email is sent by SMTP.
    /// </summary>
    [HttpsAddress]
    public Uri? CommunicationEndpoint { get; set; }
}
