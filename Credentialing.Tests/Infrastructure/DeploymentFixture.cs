using Credentialing.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(DeploymentFixture))]

namespace Credentialing.Tests.Infrastructure;

/// <summary>Both environments, each compiled once for the whole test run, on first use.</summary>
public sealed class DeploymentFixture
{
    private readonly Lazy<Task<Deployment>> dev = new(() => Bicep.CompileAsync("dev"));
    private readonly Lazy<Task<Deployment>> prod = new(() => Bicep.CompileAsync("prod"));

    public Task<Deployment> GetAsync(string environment) => environment == "prod" ? prod.Value : dev.Value;
}
