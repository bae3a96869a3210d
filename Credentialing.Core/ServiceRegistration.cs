using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mailing;
using Credentialing.Core.Reminders;
using Credentialing.Core.Runs;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Credentialing.Core;

/// <summary>Makes the domain's services available to a host.</summary>
public static class ServiceRegistration
{
    /// <summary>
    /// Adds everything of the domain. The host adds what differs between hosts: <c>TableServiceClient</c>,
    /// <c>BlobServiceClient</c>, <see cref="ISecretVault"/>, <see cref="IEmailSender"/>, a <c>TokenCredential</c> if MyTOMS is to
    /// be reached with a managed identity, logging, a <see cref="TimeProvider"/> if not the system's, and the values of
    /// <see cref="MailOptions"/>, <see cref="MyTomsOptions"/> and <see cref="DailyRunOptions"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="timeZone">The LEAs' time zone.</param>
    /// <param name="screen">The address of the SIS Vendor Credentialing screen.</param>
    public static IServiceCollection AddCredentialingCore(this IServiceCollection services, TimeZoneInfo timeZone, Uri screen)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMyToms();
        foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
            services.AddKeyedSingleton(name, (provider, _) => ActivatorUtilities.CreateInstance<SecretRing>(provider, name));
        return services
            .AddMetrics()
            .AddSingleton<Telemetry>()
            .AddSingleton(new LeaCalendar(timeZone))
            .AddSingleton<CredentialingStorage>()
            .AddSingleton<LeaRegister>()
            .AddSingleton<CredentialService>()
            .AddSingleton<VendorTokens>()
            .AddSingleton<VendorAuthenticator>()
            .AddSingleton<ScoreReportStore>()
            .AddSingleton(new CredentialingScreen(screen))
            .AddSingleton<AnnouncementService>()
            .AddSingleton<ReminderEmail>()
            .AddSingleton<EmailDelivery>()
            .AddSingleton<DailyRun>();
    }
}
