using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Credentialing.Functions.Authentication;

/// <summary>Validates the access tokens (JWT, RFC 7519) of the TOMS identity provider, as <see cref="TomsOptions"/> say.</summary>
internal static class TomsAuthentication
{
    /// <summary>How long to wait for the keys of the identity provider, which are read at the first token.</summary>
    private static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(10);

    internal static void AddTomsAuthentication(this IServiceCollection services)
    {
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<IOptions<TomsOptions>, TimeProvider>(Configure);
        // What AddAuthentication().AddJwtBearer() would do, without data protection: that is for cookies, which nothing here uses, and
        // it would create keys of its own at the start and write them to disk.
        services.AddAuthenticationCore(options => options.AddScheme<JwtBearerHandler>(JwtBearerDefaults.AuthenticationScheme, displayName: null));
        services.AddWebEncoders();
        services.AddTransient<JwtBearerHandler>();
        services.AddSingleton<IPostConfigureOptions<JwtBearerOptions>, JwtBearerPostConfigureOptions>();
    }

    private static void Configure(JwtBearerOptions bearer, IOptions<TomsOptions> toms, TimeProvider time)
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
    /// Reports an identity provider that cannot be reached as a fault (503). The library alone would refuse the token (401), because it
    /// has no key to check it with.
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
