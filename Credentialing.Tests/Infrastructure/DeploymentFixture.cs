using System.Text.Json;
using Credentialing.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(DeploymentFixture))]

namespace Credentialing.Tests.Infrastructure;

/// <summary>Both environments, their variants, and the access of the deploy workflow to prod, each compiled once for the whole test run, on first use.</summary>
public sealed class DeploymentFixture
{
    private readonly Lazy<Task<JsonElement>> template = new(Bicep.BuildAsync);
    private readonly Lazy<Task<Deployment>> dev = new(() => Bicep.PredictAsync("dev"));
    private readonly Lazy<Task<Deployment>> prod = new(() => Bicep.PredictAsync("prod"));
    private readonly Lazy<Task<Deployment>> workflow = new(() => Bicep.PredictAsync("workflow"));
    private readonly Lazy<Task<Deployment>> configured = new(() => Bicep.PredictAsync("prod", "param backupRetentionLocked = true", [.. Options]));
    private readonly Lazy<Task<Deployment>> behindFrontDoor = new(() => Bicep.PredictAsync("prod", "param frontDoor = 'Premium'", ("API_DOMAIN", ApiDomain)));

    internal const string ApiDomain = "api.credentialing.example";

    /// <summary>The variables of <see cref="Configured"/>. All of them are optional.</summary>
    private static readonly IReadOnlyList<(string Name, string Value)> Options =
    [
        ("API_DOMAIN", ApiDomain),
        ("BACKUP_LOCATION", "eastus2"),
        ("BUDGET_START", "2027-01-01"),
        ("MAIL_DOMAIN_IS_VERIFIED", "true"),
        ("MONTHLY_BUDGET", "1500"),
        ("REPORT_UPLOADER_ADDRESSES", "192.0.2.7 198.51.100.0/24"),
        ("REPORT_UPLOADER_ID", Bicep.Installation["AZURE_PRINCIPAL_ID"]),
        ("SCREEN_ORIGINS", "https://toms.example https://mytoms.example"),
        ("SCREEN_URL", "https://toms.example/credentialing/"),
    ];

    /// <summary>The compiled template of both environments, including the nested templates of the modules.</summary>
    public Task<JsonElement> Template => template.Value;

    /// <summary>Production with the optional variables, and so with all role assignments.</summary>
    public Task<Deployment> Configured => configured.Value;

    /// <summary>Production behind Front Door Premium.</summary>
    public Task<Deployment> BehindFrontDoor => behindFrontDoor.Value;

    /// <summary>Returns a deployment: <c>dev</c>, <c>prod</c> or <c>workflow</c>.</summary>
    public Task<Deployment> GetAsync(string name) => name switch
    {
        "dev" => dev.Value,
        "prod" => prod.Value,
        "workflow" => workflow.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
