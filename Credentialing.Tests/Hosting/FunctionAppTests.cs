using System.Globalization;
using System.Text.Json;
using Azure.Core;
using Azure.Identity;
using Credentialing.DevHost;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Credentialing.Tests.Hosting;

/// <summary>The dependency injection container of the function app.</summary>
[Kind(TestKind.Unit)]
public sealed class FunctionAppTests
{
    public static TheoryData<Type> FunctionClasses => [.. FunctionEndpoints.Functions.Select(function => function.DeclaringType!).Distinct()];

    [Theory]
    [MemberData(nameof(FunctionClasses))]
    public async Task Every_function_class_is_resolved_from_the_container(Type functionClass)
    {
        using var host = Build();
        await using var scope = host.Services.CreateAsyncScope();

        host.Services.GetRequiredService<IStartupValidator>().Validate();
        Assert.IsType(functionClass, ActivatorUtilities.CreateInstance(scope.ServiceProvider, functionClass));
    }

    [Theory]
    [InlineData(null, typeof(DefaultAzureCredential))]
    [InlineData("http://127.0.0.1/msi/token", typeof(ManagedIdentityCredential))]
    public void The_app_authenticates_as_its_managed_identity_on_Azure_and_as_the_developer_elsewhere(string? identityEndpoint, Type credential)
    {
        using var host = Build(("IDENTITY_ENDPOINT", identityEndpoint), ("AZURE_CLIENT_ID", "b3cbb1a4-6f1f-4a6e-9f63-0b8d6a4f1f52"));
        Assert.IsType(credential, host.Services.GetRequiredService<TokenCredential>());
    }

    [Fact]
    public void A_malformed_Application_Insights_connection_string_is_reported_at_startup_without_its_value()
    {
        using var host = Build((TelemetryRegistration.ConnectionSetting, "nonsense"));
        var failure = Assert.Throws<OptionsValidationException>(host.Services.GetRequiredService<IStartupValidator>().Validate);
        Assert.Equal("APPLICATIONINSIGHTS_CONNECTION_STRING: It must be a connection string of Application Insights.", failure.Message);
    }

    [Fact]
    public void Without_Application_Insights_request_URLs_are_not_logged_either()
    {
        using var host = Build();
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics");
        Assert.Equal((false, true), (logger.IsEnabled(LogLevel.Information), logger.IsEnabled(LogLevel.Warning)));
    }

    /// <summary>MVC's data protection would write keys to disk.</summary>
    [Fact]
    public void Data_protection_does_not_start_with_the_app()
    {
        using var host = Build();
        var services = host.Services.GetServices<IHostedService>().Select(service => service.GetType().Assembly).ToList();
        Assert.NotEmpty(services);
        Assert.DoesNotContain(typeof(IDataProtectionProvider).Assembly, services);
        Assert.DoesNotContain(typeof(IDataProtectionBuilder).Assembly, services);
    }

    [Theory]
    [InlineData("host.json", "host.json")]
    [InlineData("docs/openapi.json", "openapi.json")]
    public void The_build_copies_the_hosts_settings_and_the_APIs_description(string file, string copy) =>
        Assert.Equal(File.ReadAllBytes(Path.Combine(ProjectFolder.Root, file)), File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, copy)));

    /// <summary>RFC 6797. The Functions host sends the header. A plain number is read as days.</summary>
    [Fact]
    public void The_Functions_host_sends_HSTS_for_a_year()
    {
        var hsts = JsonElement.Parse(File.ReadAllText(Path.Combine(ProjectFolder.Root, "host.json"))).GetProperty("extensions").GetProperty("http").GetProperty("hsts");
        Assert.True(hsts.GetProperty("isEnabled").GetBoolean());
        Assert.Equal(TimeSpan.FromDays(365), TimeSpan.Parse(hsts.GetProperty("maxAge").GetString()!, CultureInfo.InvariantCulture));
    }

    private static IHost Build(params (string Name, string? Value)[] settings)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        var sample = new ConfigurationBuilder().AddJsonFile(Path.Combine(ProjectFolder.Root, "local.settings.sample.json")).Build().GetSection("Values");
        foreach (var setting in sample.GetChildren())
            builder.Configuration[setting.Key.Replace("__", ":", StringComparison.Ordinal)] = setting.Value;
        builder.Configuration["Credentialing:Mail:Smtp:Host"] = "mail.example";
        builder.Configuration["Functions:Worker:HostEndpoint"] = "http://127.0.0.1:9";
        foreach (var (name, value) in settings)
            builder.Configuration[name] = value;
        builder.AddCredentialingApp();
        return builder.Build();
    }
}
