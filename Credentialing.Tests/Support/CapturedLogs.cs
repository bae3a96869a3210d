using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Azure.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Credentialing.Tests.Support;

/// <summary>
/// Captures all log output at every level: <see cref="ILogger"/> messages with their values, scopes and exceptions, and the events
/// that the Azure clients write for each request.
/// </summary>
public sealed class CapturedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly AzureEventSourceListener azure;

    public CapturedLogs() => azure = new AzureEventSourceListener((_, message) => lines.Enqueue(message), EventLevel.Verbose);

    public IReadOnlyCollection<string> Lines => lines;

    /// <summary>Replaces all other log providers and disables filtering.</summary>
    public void Attach(ILoggingBuilder logging) =>
        logging.ClearProviders().AddProvider(this).SetMinimumLevel(LogLevel.Trace).AddFilter<CapturedLogs>(null, LogLevel.Trace);

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, lines);

    public void Dispose() => azure.Dispose();

    private sealed class Logger(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            lines.Enqueue($"{category} {Values(state)}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {category} {formatter(state, exception)} {Values(state)} {exception}");

        private static string Values<TState>(TState state) => state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values) : $"{state}";
    }
}
