using Credentialing.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(DeploymentFixture))]

namespace Credentialing.Tests.Infrastructure;

/// <summary>Both environments, compiled once for the whole run, for the first test that asks.</summary>
public sealed class DeploymentFixture
{
    private readonly Lazy<Task<Deployment>> dev = new(() => Bicep.CompileAsync("dev"));
    private readonly Lazy<Task<Deployment>> prod = new(() => Bicep.CompileAsync("prod"));

    public Task<Deployment> OfAsync(string environment) => environment == "prod" ? prod.Value : dev.Value;
}
