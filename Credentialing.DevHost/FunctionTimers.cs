using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NCrontab;

namespace Credentialing.DevHost;

/// <summary>
/// Runs the timer functions as the Functions host does: on their NCRONTAB schedules, with retries, and on request. An occurrence is
/// skipped if the clock is advanced past it.
/// </summary>
internal sealed partial class FunctionTimers(
    IServiceProvider services, IConfiguration configuration, TimeProvider time, ILogger<FunctionTimers> logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>An occurrence that is further in the past is skipped: the clock was advanced past it.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(1);

    /// <summary>The timer functions and their schedules.</summary>
    internal IReadOnlyList<(MethodInfo Function, string Schedule)> Timers { get; } =
        [.. FunctionEndpoints.TriggeredBy<TimerTriggerAttribute>().Select(timer => (timer.Function, Resolve(timer.Trigger.Schedule, configuration)))];

    /// <summary>Runs a function once, immediately. Logs an exception and returns false.</summary>
    internal async Task<bool> TryRunAsync(MethodInfo function, CancellationToken cancellationToken)
    {
        try
        {
            var instance = ActivatorUtilities.CreateInstance(services, function.DeclaringType!);
            object[] arguments = [.. function.GetParameters().Select(parameter => parameter.ParameterType == typeof(TimerInfo) ? new TimerInfo() : (object)cancellationToken)];
            await (Task)function.Invoke(instance, arguments)!;
            return true;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(failure, FunctionEndpoints.NameOf(function));
            return false;
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Timers.Select(timer => RunOnScheduleAsync(timer.Function, timer.Schedule, stoppingToken)));

    private async Task RunOnScheduleAsync(MethodInfo function, string expression, CancellationToken stoppingToken)
    {
        var schedule = CrontabSchedule.Parse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = true });
        var next = Next();
        while (true)
        {
            await Task.Delay(PollInterval, time, stoppingToken);
            var delay = time.GetUtcNow().UtcDateTime - next;
            if (delay < TimeSpan.Zero)
                continue;
            if (delay <= MaxDelay)
                await RunWithRetriesAsync(function, stoppingToken);
            next = Next();
        }

        DateTime Next() => schedule.GetNextOccurrence(time.GetUtcNow().UtcDateTime);
    }

    private async Task RunWithRetriesAsync(MethodInfo function, CancellationToken stoppingToken)
    {
        var retry = function.GetCustomAttribute<FixedDelayRetryAttribute>();
        for (var retries = retry?.MaxRetryCount ?? 0; !await TryRunAsync(function, stoppingToken) && retries > 0; retries--)
            await Task.Delay(TimeSpan.Parse(retry!.DelayInterval, CultureInfo.InvariantCulture), time, stoppingToken);
    }

    private static string Resolve(string schedule, IConfiguration configuration) =>
        schedule is ['%', .. var setting, '%']
            ? configuration[setting] ?? throw new InvalidOperationException($"The setting {setting} is missing.")
            : schedule;

    [LoggerMessage(Level = LogLevel.Error, Message = "{Function} failed.")]
    private partial void LogFailed(Exception failure, string function);
}

internal static class FunctionTimersRegistration
{
    internal static IServiceCollection AddFunctionTimers(this IServiceCollection services) =>
        services.AddSingleton<FunctionTimers>().AddHostedService(provider => provider.GetRequiredService<FunctionTimers>());

    /// <summary><c>POST /admin/functions/{name}</c> starts a timer function and returns 202 immediately. DevHost requires no key.</summary>
    internal static void MapFunctionTimers(this WebApplication app) => app.MapPost("/admin/functions/{name}", (string name, FunctionTimers timers) =>
    {
        var timer = timers.Timers.SingleOrDefault(timer => string.Equals(FunctionEndpoints.NameOf(timer.Function), name, StringComparison.OrdinalIgnoreCase));
        if (timer.Function is null)
            return Results.NotFound();
        _ = Task.Run(() => timers.TryRunAsync(timer.Function, app.Lifetime.ApplicationStopping));
        return Results.Accepted();
    });
}
