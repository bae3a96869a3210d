using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions;

/// <summary>Where the app's Azure resources are, all reached with its managed identity: settings <c>Credentialing:Azure:*</c>.</summary>
public sealed class AzureOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing:Azure";

    /// <summary>The storage account's tables, such as <c>https://ACCOUNT.table.core.windows.net</c>.</summary>
    [Required]
    public Uri? TableEndpoint { get; set; }

    /// <summary>The storage account's blobs, such as <c>https://ACCOUNT.blob.core.windows.net</c>.</summary>
    [Required]
    public Uri? BlobEndpoint { get; set; }

    /// <summary>The vault, such as <c>https://VAULT.vault.azure.net</c>.</summary>
    [Required]
    public Uri? VaultUri { get; set; }

    /// <summary>
    /// The Communication Services resource that sends email, such as <c>https://NAME.unitedstates.communication.azure.com</c>; null
    /// if email is sent by SMTP.
    /// </summary>
    public Uri? CommunicationEndpoint { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, address) in ((string, Uri?)[])[
            (nameof(TableEndpoint), TableEndpoint), (nameof(BlobEndpoint), BlobEndpoint), (nameof(VaultUri), VaultUri), (nameof(CommunicationEndpoint), CommunicationEndpoint)])
        {
            if (address is not (null or { IsAbsoluteUri: true, Scheme: "https" }))
                yield return new ValidationResult("It must be an https address.", [name]);
        }
    }
}
