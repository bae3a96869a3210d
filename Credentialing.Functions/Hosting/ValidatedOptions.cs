using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Hosting;

/// <summary>
/// Options that are bound to the configuration and validated when the app starts. A failure names the setting as an environment
/// variable, such as <c>Credentialing__Toms__Authority</c>. It never contains the value, which may be a secret.
/// </summary>
public static class ValidatedOptions
{
    /// <summary>Registers options that are bound to a configuration section. The app does not start if they are invalid.</summary>
    public static void AddValidated<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().Configure<IConfiguration>((options, configuration) => Bind(options, configuration, section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>>(new Validation<TOptions>(section));
    }

    /// <summary>Checks the types before binding: the framework's binder would put the value into its exception.</summary>
    /// <exception cref="OptionsValidationException">A value cannot be converted to its property's type.</exception>
    private static void Bind<TOptions>(TOptions options, IConfiguration configuration, string section)
        where TOptions : class
    {
        var failures = (
            from property in typeof(TOptions).GetProperties()
            let value = configuration[$"{Prefix(section)}{KeyOf(property)}"]
            where value is not null && !CanConvert(property.PropertyType, value)
            select $"{Setting(section, property.Name, typeof(TOptions))}: {Expected(property.PropertyType)}").ToList();
        if (failures.Count > 0)
            throw new OptionsValidationException(Options.DefaultName, typeof(TOptions), failures);
        (section.Length == 0 ? configuration : configuration.GetSection(section)).Bind(options);
    }

    private static bool CanConvert(Type type, string value)
    {
        if (type.IsEnum)
            return Enum.TryParse(type, value, ignoreCase: true, out var member) && Enum.IsDefined(type, member);
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
            return true;
        }
        catch (Exception failure) when (failure is FormatException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Expected(Type type) => type switch
    {
        { IsEnum: true } => $"It must be one of {string.Join(", ", Enum.GetNames(type))}.",
        _ when type == typeof(TimeSpan) => "It must be a time span, such as 00:20:00.",
        _ when type == typeof(int) => "It must be a whole number.",
        _ => $"It must be a valid {type.Name}.",
    };

    private static string Setting(string section, string member, Type options) =>
        $"{Prefix(section)}{(options.GetProperty(member) is { } property ? KeyOf(property) : member)}".Replace(":", "__", StringComparison.Ordinal);

    private static string Prefix(string section) => section.Length == 0 ? "" : $"{section}:";

    private static string KeyOf(PropertyInfo property) => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name;

    private sealed class Validation<TOptions>(string section) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            var failures = new List<ValidationResult>();
            return Validator.TryValidateObject(options, new ValidationContext(options), failures, validateAllProperties: true)
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(failures.Select(failure =>
                    $"{string.Join(" and ", failure.MemberNames.Select(member => Setting(section, member, typeof(TOptions))))}: {failure.ErrorMessage}"));
        }
    }
}
