using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Functions.Authentication;

/// <summary>Validates the access tokens (JWT, RFC 7519) of the TOMS identity provider. Configured by <see cref="TomsOptions"/>.</summary>
internal static class TomsAuthentication
{
    /// <summary>Timeout for the signing keys of the identity provider. They are read when the first token arrives.</summary>
    private static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Signatures with a key pair only: a published key must never be usable as the secret of an HMAC (RFC 8725, section 2.1).</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>
    /// The accepted values of the <c>typ</c> header. <c>at+jwt</c> is the type of access tokens (RFC 9068, section 2.1). Older providers send
    /// <c>JWT</c> or no type. Other types, such as <c>logout+jwt</c>, are refused (RFC 8725, section 3.11).
    /// </summary>
    private static readonly string[] Types = ["at+jwt", "application/at+jwt", "JWT"];

    internal static void AddTomsAuthentication(this IServiceCollection services)
    {
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<IOptions<TomsOptions>, TimeProvider>(Configure);
        // The same as AddAuthentication().AddJwtBearer(), without data protection. Data protection is for cookies, which the app does not
        // use. It would create keys at startup and write them to disk.
        services.AddAuthenticationCore(options => options.AddScheme<JwtBearerHandler>(JwtBearerDefaults.AuthenticationScheme, displayName: null));
        services.AddWebEncoders();
        services.AddSingleton<IPostConfigureOptions<JwtBearerOptions>, JwtBearerPostConfigureOptions>();
    }

    private static void Configure(JwtBearerOptions bearer, IOptions<TomsOptions> toms, TimeProvider time)
    {
        bearer.Authority = toms.Value.Authority;
        bearer.Audience = toms.Value.Audience;
        bearer.BackchannelTimeout = ProviderTimeout;
        bearer.Events = new JwtBearerEvents { OnMessageReceived = ReadProviderKeysAsync };
        bearer.MapInboundClaims = false;
        bearer.TokenValidationParameters.ValidAlgorithms = Algorithms;
        bearer.TokenValidationParameters.TypeValidator = (type, _, _) => string.IsNullOrEmpty(type) || Types.Contains(type, StringComparer.OrdinalIgnoreCase)
            ? type
            : throw new SecurityTokenInvalidTypeException("The token is of another type.") { InvalidType = type };
        bearer.TokenValidationParameters.RoleClaimType = toms.Value.RoleClaim;
        bearer.TokenValidationParameters.NameClaimType = toms.Value.NameClaim;
        // The default validator uses the system clock, not TimeProvider. The clock skew stays the default.
        bearer.TokenValidationParameters.LifetimeValidator = (from, until, _, parameters) =>
            until is not null &&
            time.GetUtcNow() < until.Value + parameters.ClockSkew &&
            (from is null || time.GetUtcNow() >= from.Value - parameters.ClockSkew);
    }

    /// <summary>
    /// Returns 503 if the identity provider is unreachable. By default, the library would return 401, because it has no key to
    /// validate the token with.
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
            throw new TimeoutException("The signing keys of the TOMS identity provider could not be read.", failure);
        }
    }
}
