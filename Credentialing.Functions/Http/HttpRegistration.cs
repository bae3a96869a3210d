using System.ComponentModel.DataAnnotations;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Mailing;
using Credentialing.Core.Runs;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Credentialing.Functions.Http;

/// <summary>Makes everything that the function classes need available to a host.</summary>
public static class HttpRegistration
{
    private const string TimeZoneSetting = "Credentialing:TimeZone";
    private const string DefaultTimeZone = "America/Los_Angeles";
    private const string ScreenSetting = "Credentialing:ScreenUrl";

    /// <summary>How long to wait for the keys of the TOMS identity provider, which are read at the first token.</summary>
    private static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds the domain and the API, and sends email by SMTP if <c>Credentialing:Mail:Smtp</c> is configured. The host adds what
    /// else <see cref="ServiceRegistration.AddCredentialingCore"/> asks of it.
    /// </summary>
    /// <exception cref="ValidationException">
    /// <c>Credentialing__TimeZone</c> names no time zone, or <c>Credentialing__ScreenUrl</c> is no address. The other settings are
    /// checked when the host starts.
    /// </exception>
    public static IServiceCollection AddCredentialing(this IServiceCollection services, IConfiguration configuration)
    {
        var timeZone = configuration[TimeZoneSetting] ?? DefaultTimeZone;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
            throw new ValidationException($"Credentialing__TimeZone is \"{timeZone}\", which is no IANA time zone, such as \"{DefaultTimeZone}\".");
        if (!Uri.TryCreate(configuration[ScreenSetting], UriKind.Absolute, out var screen) || screen.Scheme is not ("https" or "http"))
            throw new ValidationException($"Credentialing__ScreenUrl is \"{configuration[ScreenSetting]}\", which is no address of a web page.");

        services.AddCredentialingCore(zone, screen);
        services.AddValidated<TomsOptions>(TomsOptions.Section);
        services.AddValidated<MailOptions>(MailOptions.Section);
        services.AddValidated<MyTomsOptions>(MyTomsOptions.Section);
        services.AddValidated<DailyRunOptions>(DailyRunOptions.Section);
        if (configuration.GetSection(SmtpOptions.Section).Exists())
        {
            services.AddValidated<SmtpOptions>(SmtpOptions.Section);
            services.AddSingleton<IEmailSender, SmtpEmailSender>();
        }

        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<IOptions<TomsOptions>, TimeProvider>(ConfigureTokens);
        // What AddAuthentication().AddJwtBearer() would do, without the data protection for cookies that it brings: nothing here
        // uses that, and it would keep keys of its own.
        services.AddAuthenticationCore(options => options.AddScheme<JwtBearerHandler>(JwtBearerDefaults.AuthenticationScheme, displayName: null));
        services.AddWebEncoders();
        services.AddTransient<JwtBearerHandler>();
        services.AddSingleton<IPostConfigureOptions<JwtBearerOptions>, JwtBearerPostConfigureOptions>();
        return services.AddSingleton<Caller>();
    }

    /// <summary>Reads options from a section of the configuration, and refuses to start if they are not valid.</summary>
    public static void AddValidated<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>>(new SettingsValidation<TOptions>(section));
    }

    private static void ConfigureTokens(JwtBearerOptions bearer, IOptions<TomsOptions> toms, TimeProvider time)
    {
        bearer.Authority = toms.Value.Authority;
        bearer.Audience = toms.Value.Audience;
        bearer.BackchannelTimeout = ProviderTimeout;
        bearer.Events = new JwtBearerEvents { OnMessageReceived = ReadProviderKeysAsync };
        bearer.MapInboundClaims = false;
        bearer.TokenValidationParameters.RoleClaimType = toms.Value.RoleClaim;
        bearer.TokenValidationParameters.NameClaimType = toms.Value.NameClaim;
        // The library's own check reads the machine's clock, not TimeProvider. Its allowance for clocks that differ is kept.
        bearer.TokenValidationParameters.LifetimeValidator = (from, until, _, parameters) =>
            until is not null &&
            time.GetUtcNow() < until.Value + parameters.ClockSkew &&
            (from is null || time.GetUtcNow() >= from.Value - parameters.ClockSkew);
    }

    /// <summary>
    /// Makes a provider that cannot be reached a fault. Without this, the library would take a token whose key it could not
    /// read for a wrong one, and tell somebody who is signed in that they are not.
    /// </summary>
    private static async Task ReadProviderKeysAsync(MessageReceivedContext context)
    {
        if (StringValues.IsNullOrEmpty(context.Request.Headers.Authorization))
            return;
        var aborted = context.HttpContext.RequestAborted;
        try
        {
            await context.Options.ConfigurationManager!.GetConfigurationAsync(aborted).WaitAsync(ProviderTimeout, aborted);
        }
        catch (InvalidOperationException failure)
        {
            throw new TimeoutException("The keys of the TOMS identity provider could not be read.", failure);
        }
    }
}
