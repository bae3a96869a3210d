using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Http;

/// <summary>
/// Checks options by their annotations, and names the setting that is wrong as whoever sets it knows it: an environment variable
/// or an app setting, such as <c>Credentialing__Toms__Authority</c>. Its value is not repeated: it may be a secret.
/// </summary>
/// <param name="section">The section of the configuration that they are bound to.</param>
internal sealed class SettingsValidation<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var failures = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), failures, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(failures.Select(failure => $"{string.Join(" and ", failure.MemberNames.Select(Setting))}: {failure.ErrorMessage}"));
    }

    private string Setting(string member) => $"{section}:{member}".Replace(":", "__", StringComparison.Ordinal);
}
