using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>Requires an absolute address with the scheme https. A missing one is valid, as for every annotation but <see cref="RequiredAttribute"/>.</summary>
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
