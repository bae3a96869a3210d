using Credentialing.Core.Announcements;
using Credentialing.Core.Audit;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Notices;
using Credentialing.Core.Overview;
using Credentialing.Core.Recovery;
using Credentialing.Core.Reminders;
using Credentialing.Core.Rotation;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Secrets;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Credentialing.Core;

/// <summary>Registers the domain's services with dependency injection.</summary>
public static class ServiceRegistration
{
    /// <summary>
    /// Adds all domain services as singletons. The host registers what differs between hosts: <c>TableServiceClient</c>,
    /// <c>BlobServiceClient</c>, <see cref="BackupStore"/>, <see cref="ISecretVault"/>, <see cref="IEmailSender"/>, <see cref="LeaCalendar"/>,
    /// <see cref="CredentialingScreen"/>, <see cref="ServiceAddresses"/>, logging, and the values of <see cref="MailOptions"/>,
    /// <see cref="MyTomsOptions"/>, <see cref="DailyRunOptions"/>, <see cref="DisclosureOptions"/>, <see cref="SecretRotationOptions"/> and
    /// <see cref="SecretScanningOptions"/>. Also a <c>TokenCredential</c> if MyTOMS uses a managed identity, and a
    /// <see cref="TimeProvider"/> if it is not the system's.
    /// </summary>
    public static IServiceCollection AddCredentialingCore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMyToms();
        services.AddSecretScanning();
        foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
            services.AddKeyedSingleton(name, (provider, _) => ActivatorUtilities.CreateInstance<SecretRing>(provider, name));
        return services
            .AddMetrics()
            .AddSingleton<CredentialingTelemetry>()
            .AddSingleton<CredentialingStorage>()
            .AddSingleton<AuditTrail>()
            .AddSingleton<LeaRegister>()
            .AddSingleton<CredentialService>()
            .AddSingleton<VendorTokens>()
            .AddSingleton<VendorAuthenticator>()
            .AddSingleton<ScoreReportStore>()
            .AddSingleton<DisclosureLog>()
            .AddSingleton<DisclosureMaintenance>()
            .AddSingleton<AnnouncementService>()
            .AddSingleton<ReminderEmail>()
            .AddSingleton<EmailDelivery>()
            .AddSingleton<NoticeEmail>()
            .AddSingleton<NoticeService>()
            .AddSingleton<ShareService>()
            .AddSingleton<OverviewService>()
            .AddSingleton<LeakService>()
            .AddSingleton<DailyRunService>()
            .AddSingleton<BackupArchive>()
            .AddSingleton<DisclosureBackup>()
            .AddSingleton<BackupService>()
            .AddSingleton<ExpirationRestoration>()
            .AddSingleton<RestoreService>()
            .AddSingleton<SecretRotationService>();
    }
}
