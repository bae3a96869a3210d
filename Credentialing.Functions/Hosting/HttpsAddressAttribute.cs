using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>Requires an absolute https URL. Null and empty are valid: see <see cref="RequiredAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class HttpsAddressAttribute() : ValidationAttribute("It must be an https address.")
{
    public override bool IsValid(object? value) => value switch
    {
        null or "" => true,
        Uri address => address is { IsAbsoluteUri: true, Scheme: "https" },
        _ => Uri.TryCreate(value as string, UriKind.Absolute, out var address) && IsValid(address),
    };
}
