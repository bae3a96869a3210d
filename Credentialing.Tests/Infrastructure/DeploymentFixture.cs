using Credentialing.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(DeploymentFixture))]

namespace Credentialing.Tests.Infrastructure;

/// <summary>Both environments and the access of the deploy workflow to prod, each compiled once for the whole test run, on first use.</summary>
public sealed class DeploymentFixture
{
    private readonly Lazy<Task<Deployment>> dev = new(() => Bicep.CompileAsync("dev"));
    private readonly Lazy<Task<Deployment>> prod = new(() => Bicep.CompileAsync("prod"));
    private readonly Lazy<Task<Deployment>> workflow = new(() => Bicep.CompileAsync("workflow"));

    /// <summary>Returns a deployment: <c>dev</c>, <c>prod</c> or <c>workflow</c>.</summary>
    public Task<Deployment> GetAsync(string name) => name switch
    {
        "dev" => dev.Value,
        "prod" => prod.Value,
        "workflow" => workflow.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
