namespace Credentialing.Core.Credentials;

/// <summary>What screens, emails and problem details tell people about how to reach the service and its support.</summary>
/// <param name="VendorBaseUrl">The base URL that a vendor's system is configured with. Ends in <c>/api/v1</c>.</param>
/// <param name="VendorGuideUrl">The guide for vendors; null if there is no link to it.</param>
/// <param name="Help">The help contact, one line: an email address, a phone number or a URL; null if there is none.</param>
public sealed record ServiceAddresses(Uri VendorBaseUrl, Uri? VendorGuideUrl = null, string? Help = null);
