using System.Reflection;
using System.Text.Json;
using Credentialing.Functions.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.DevHost;

/// <summary>
/// Finds all functions by reflection and maps the HTTP functions as the Functions host does. The attributes of the function classes and
/// the route prefix in host.json are the single source of routes, methods and names.
/// </summary>
internal static class FunctionEndpoints
{
    internal static string RoutePrefix { get; } = ReadRoutePrefix();

    internal static IEnumerable<MethodInfo> Functions { get; } =
        [.. typeof(HealthFunctions).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(FunctionAttribute)))];

    /// <summary>Returns the functions with a trigger of the given type, each with its trigger.</summary>
    internal static IEnumerable<(MethodInfo Function, TTrigger Trigger)> TriggeredBy<TTrigger>()
        where TTrigger : Attribute =>
        from function in Functions
        from parameter in function.GetParameters()
        let trigger = parameter.GetCustomAttribute<TTrigger>()
        where trigger is not null
        select (function, trigger);

    internal static string NameOf(MethodInfo function) => function.GetCustomAttribute<FunctionAttribute>()!.Name;

    /// <summary>Returns the name of the requested function; <c>DevHost</c> for other endpoints.</summary>
    internal static string NameOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "DevHost";

    internal static void MapFunctions(this IEndpointRouteBuilder app)
    {
        foreach (var (method, trigger) in TriggeredBy<HttpTriggerAttribute>())
        {
            var options = new RequestDelegateFactoryOptions
            {
                ServiceProvider = app.ServiceProvider,
                RouteParameterNames = method.GetParameters().Select(parameter => parameter.Name!),
            };
            // Compiled on the first request: a function costs a millisecond, and most tests call only a few.
            var function = new Lazy<RequestDelegate>(() =>
            {
                var create = ActivatorUtilities.CreateFactory(method.DeclaringType!, []);
                return RequestDelegateFactory.Create(method, _ => create(app.ServiceProvider, null), options).RequestDelegate;
            });
            app.MapMethods($"{RoutePrefix}/{trigger.Route}", trigger.Methods!, context => function.Value(context))
                .WithName(NameOf(method));
        }
    }

    /// <summary>
    /// Returns 404 without a body for a wrong method on a known route, as the Functions host does. ASP.NET Core's routing returns 405.
    /// </summary>
    internal static void UseNotFoundForWrongMethod(this WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        if (context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.Headers.Remove("Allow");
        }
    });

    private static string ReadRoutePrefix()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(ProjectFolder.Root, "host.json")));
        return host.RootElement.GetProperty("extensions").GetProperty("http").GetProperty("routePrefix").GetString()!;
    }
}
