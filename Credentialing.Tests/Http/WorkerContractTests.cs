using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Credentialing.DevHost;
using Credentialing.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Tests.Http;

/// <summary>
/// The function classes must run unchanged on the real worker, whose packages the test machines lack: so they
/// use only what the contract in DevHost declares, in the shapes that the real packages have.
/// </summary>
public sealed class WorkerContractTests
{
    /// <summary>All that a function class may use of the worker. Whoever adds to it has looked it up in the real packages.</summary>
    private static readonly string[] Contract =
    [
        "Microsoft.Azure.Functions.Worker.AuthorizationLevel",
        "Microsoft.Azure.Functions.Worker.FunctionAttribute",
        "Microsoft.Azure.Functions.Worker.HttpTriggerAttribute",
    ];

    private static readonly Assembly DevHost = typeof(HealthFunctions).Assembly;

    public static TheoryData<string> Functions => [.. FunctionEndpoints.Functions.Select(function => function.GetCustomAttribute<FunctionAttribute>()!.Name)];

    [Fact]
    public void DevHost_declares_the_contract_and_no_more_and_takes_nothing_of_the_worker_from_elsewhere()
    {
        Assert.Equal(Contract, DevHost.GetTypes().Select(type => type.FullName!).Where(IsOfTheWorker).Order(StringComparer.Ordinal));

        using var file = new PEReader(File.OpenRead(DevHost.Location));
        var metadata = file.GetMetadataReader();
        Assert.DoesNotContain(metadata.TypeReferences.Select(metadata.GetTypeReference), type => IsOfTheWorker($"{metadata.GetString(type.Namespace)}."));
        Assert.DoesNotContain(metadata.AssemblyReferences.Select(metadata.GetAssemblyReference), assembly => IsOfTheWorker(metadata.GetString(assembly.Name)));

        static bool IsOfTheWorker(string name) => name.StartsWith("Microsoft.Azure.Functions.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Azure.WebJobs.", StringComparison.Ordinal);
    }

    [Fact]
    public void The_contract_has_the_shapes_that_were_looked_up_in_the_real_packages()
    {
        Assert.Equal([typeof(string)], typeof(FunctionAttribute).GetConstructors().Single().GetParameters().Select(parameter => parameter.ParameterType));
        Assert.Equal([typeof(AuthorizationLevel), typeof(string[])], typeof(HttpTriggerAttribute).GetConstructors().Single().GetParameters().Select(parameter => parameter.ParameterType));
        Assert.Equal(["Anonymous", "User", "Function", "System", "Admin"], Enum.GetNames<AuthorizationLevel>());
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void A_function_takes_and_returns_only_what_both_hosts_can_bind(string name)
    {
        var function = Assert.Single(FunctionEndpoints.Functions, method => method.GetCustomAttribute<FunctionAttribute>()!.Name == name);

        Assert.Equal(typeof(Task<IResult>), function.ReturnType);
        Assert.True(function.DeclaringType is { IsPublic: true, IsSealed: true });
        var trigger = Assert.Single(function.GetParameters(), parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>() is not null);
        Assert.Equal(typeof(HttpRequest), trigger.ParameterType);
        var route = trigger.GetCustomAttribute<HttpTriggerAttribute>()!.Route!;
        foreach (var parameter in function.GetParameters().Except([trigger]))
        {
            if (parameter.ParameterType == typeof(string))
                Assert.Contains($"{{{parameter.Name}}}", route, StringComparison.Ordinal);
            else
                Assert.Equal(typeof(CancellationToken), parameter.ParameterType);
        }
    }

    [Fact]
    public void No_function_asks_for_one_of_the_hosts_own_keys() =>
        Assert.All(FunctionEndpoints.Functions, function => Assert.All(
            function.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).OfType<HttpTriggerAttribute>(),
            trigger => Assert.Equal(AuthorizationLevel.Anonymous, trigger.AuthLevel)));
}
