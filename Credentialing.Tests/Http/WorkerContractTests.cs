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
        "Microsoft.Azure.Functions.Worker.FixedDelayRetryAttribute",
        "Microsoft.Azure.Functions.Worker.FunctionAttribute",
        "Microsoft.Azure.Functions.Worker.HttpTriggerAttribute",
        "Microsoft.Azure.Functions.Worker.RetryAttribute",
        "Microsoft.Azure.Functions.Worker.TimerInfo",
        "Microsoft.Azure.Functions.Worker.TimerTriggerAttribute",
    ];

    private static readonly Assembly DevHost = typeof(HealthFunctions).Assembly;

    public static TheoryData<string> HttpFunctions => [.. FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().Select(item => FunctionEndpoints.NameOf(item.Function))];

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
        Assert.Equal([typeof(string)], typeof(TimerTriggerAttribute).GetConstructors().Single().GetParameters().Select(parameter => parameter.ParameterType));
        Assert.Equal([typeof(int), typeof(string)], typeof(FixedDelayRetryAttribute).GetConstructors().Single().GetParameters().Select(parameter => parameter.ParameterType));
        Assert.Equal(["Anonymous", "User", "Function", "System", "Admin"], Enum.GetNames<AuthorizationLevel>());
    }

    [Theory]
    [MemberData(nameof(HttpFunctions))]
    public void A_function_that_HTTP_triggers_takes_and_returns_only_what_both_hosts_can_bind(string name)
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
    public void A_function_that_a_timer_triggers_takes_and_returns_only_what_both_hosts_can_bind_and_is_retried() =>
        Assert.All(FunctionEndpoints.TriggeredBy<TimerTriggerAttribute>(), item =>
        {
            Assert.Equal([typeof(TimerInfo), typeof(CancellationToken)], item.Function.GetParameters().Select(parameter => parameter.ParameterType));
            Assert.Equal(typeof(Task), item.Function.ReturnType);
            Assert.True(item.Function.DeclaringType is { IsPublic: true, IsSealed: true });
            Assert.Matches("^%[A-Za-z]+%$", item.Trigger.Schedule);
            Assert.NotNull(item.Function.GetCustomAttribute<RetryAttribute>());
        });

    [Fact]
    public void Every_function_has_one_trigger_and_a_name_of_its_own()
    {
        var triggered = FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().Select(item => item.Function)
            .Concat(FunctionEndpoints.TriggeredBy<TimerTriggerAttribute>().Select(item => item.Function)).ToList();
        Assert.Equal(FunctionEndpoints.Functions.ToHashSet(), triggered.ToHashSet());
        Assert.Distinct(triggered.Select(FunctionEndpoints.NameOf));
    }

    [Fact]
    public void No_function_asks_for_one_of_the_hosts_own_keys() =>
        Assert.All(FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>(), item => Assert.Equal(AuthorizationLevel.Anonymous, item.Trigger.AuthLevel));
}
