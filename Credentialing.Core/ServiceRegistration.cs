using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
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
    /// <c>BlobServiceClient</c>, <see cref="ISecretVault"/>, logging, and a <see cref="TimeProvider"/> if not the system's.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="timeZone">The LEAs' time zone.</param>
    public static IServiceCollection AddCredentialingCore(this IServiceCollection services, TimeZoneInfo timeZone)
    {
        services.TryAddSingleton(TimeProvider.System);
        foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
            services.AddKeyedSingleton(name, (provider, _) => ActivatorUtilities.CreateInstance<SecretRing>(provider, name));
        return services
            .AddSingleton(new LeaCalendar(timeZone))
            .AddSingleton<CredentialingStorage>()
            .AddSingleton<LeaRegister>()
            .AddSingleton<CredentialService>()
            .AddSingleton<VendorTokens>()
            .AddSingleton<VendorAuthenticator>()
            .AddSingleton<ScoreReportStore>();
    }
}
