using System.Reflection;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Tests.Endpoints;

/// <summary>Function classes use only the HTTP and timer parts of the worker, so that DevHost can run them on Kestrel.</summary>
[Kind(TestKind.Unit)]
public sealed class FunctionClassTests
{
    public static TheoryData<string> HttpFunctions => [.. FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().Select(item => FunctionEndpoints.NameOf(item.Function))];

    [Theory]
    [MemberData(nameof(HttpFunctions))]
    public void An_HTTP_function_takes_a_request_route_values_and_a_cancellation_token_and_returns_a_result(string name)
    {
        var function = Assert.Single(FunctionEndpoints.Functions, method => FunctionEndpoints.NameOf(method) == name);

        Assert.Equal(typeof(Task<IResult>), function.ReturnType);
        Assert.True(function.DeclaringType is { IsPublic: true, IsSealed: true });
        var request = Assert.Single(function.GetParameters(), parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>() is not null);
        Assert.Equal(typeof(HttpRequest), request.ParameterType);
        var trigger = request.GetCustomAttribute<HttpTriggerAttribute>()!;
        Assert.Equal(AuthorizationLevel.Anonymous, trigger.AuthLevel); // the function authenticates callers; host keys are not used
        foreach (var parameter in function.GetParameters().Except([request]))
        {
            if (parameter.ParameterType == typeof(string))
                Assert.Contains($"{{{parameter.Name}}}", trigger.Route!, StringComparison.Ordinal);
            else
                Assert.Equal(typeof(CancellationToken), parameter.ParameterType);
        }
    }

    [Fact]
    public void A_timer_function_has_a_schedule_in_a_setting_or_a_daily_one_and_is_retried() =>
        Assert.All(FunctionEndpoints.TriggeredBy<TimerTriggerAttribute>(), item =>
        {
            Assert.Equal([typeof(TimerInfo), typeof(CancellationToken)], item.Function.GetParameters().Select(parameter => parameter.ParameterType));
            Assert.Equal(typeof(Task), item.Function.ReturnType);
            Assert.True(item.Function.DeclaringType is { IsPublic: true, IsSealed: true });
            Assert.Matches(@"^(%[A-Za-z]+%|0 \d+ \d+ \* \* \*)$", item.Trigger.Schedule);
            Assert.NotNull(item.Function.GetCustomAttribute<RetryAttribute>());
        });

    [Fact]
    public void Every_function_has_an_HTTP_or_a_timer_trigger_and_a_unique_name()
    {
        var triggered = FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().Select(item => item.Function)
            .Concat(FunctionEndpoints.TriggeredBy<TimerTriggerAttribute>().Select(item => item.Function)).ToList();
        Assert.Equal(FunctionEndpoints.Functions.ToHashSet(), triggered.ToHashSet());
        Assert.Distinct(triggered.Select(FunctionEndpoints.NameOf));
    }
}
