using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Rotation;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Endpoints;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Hosting;

/// <summary>Registers the services that the function classes need, in both hosts.</summary>
public static class CredentialingRegistration
{
    /// <summary>
    /// Registers the domain and the API. Registers the SMTP sender if <c>Credentialing:Mail:Smtp</c> is configured. The host must
    /// register the other services that <see cref="ServiceRegistration.AddCredentialingCore"/> requires. All settings are validated
    /// when the host starts.
    /// </summary>
    public static IServiceCollection AddCredentialing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddCredentialingCore();
        services.AddValidated<PlatformOptions>(PlatformOptions.Section);
        services.AddValidated<CredentialingOptions>(CredentialingOptions.Section);
        services.AddValidated<TomsOptions>(TomsOptions.Section);
        services.AddValidated<ThrottlingOptions>(ThrottlingOptions.Section);
        services.AddValidated<MailOptions>(MailOptions.Section);
        services.AddValidated<MyTomsOptions>(MyTomsOptions.Section);
        services.AddValidated<SecretScanningOptions>(SecretScanningOptions.Section);
        services.AddValidated<DailyRunOptions>(DailyRunOptions.Section);
        services.AddValidated<DisclosureOptions>(DisclosureOptions.Section);
        services.AddValidated<SecretRotationOptions>(SecretRotationOptions.Section);
        services.AddSingleton(provider => new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById(Options(provider).TimeZone)));
        services.AddSingleton(provider => new CredentialingScreen(Options(provider).ScreenUrl!));
        services.AddSingleton(provider => AddressesOf(Options(provider)));
        if (configuration.GetSection(SmtpOptions.Section).Exists())
        {
            services.AddValidated<SmtpOptions>(SmtpOptions.Section);
            services.AddSingleton<IEmailSender, SmtpEmailSender>();
        }

        services.AddTomsAuthentication();
        return services.AddSingleton<ClientAddresses>().AddSingleton<AuthenticationThrottle>().AddSingleton<Caller>().AddSingleton<CredentialChanges>().AddSingleton<Readiness>();
    }

    private static ServiceAddresses AddressesOf(CredentialingOptions options) =>
        new(options.VendorBaseUrl!, options.VendorGuideUrl, string.IsNullOrWhiteSpace(options.Help) ? null : options.Help.Trim());

    private static CredentialingOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<CredentialingOptions>>().Value;
}
