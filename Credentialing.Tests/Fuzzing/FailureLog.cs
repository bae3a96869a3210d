using System.Collections.Concurrent;
using Credentialing.Core.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Credentialing.Tests.Fuzzing;

/// <summary>
/// Keeps the log entries with an exception, or at the level Error or above. Documented is one entry: a body that violates the HTTP protocol,
/// at the level Information. For a damaged row, also the exception that names it.
/// </summary>
internal sealed class FailureLog : ILoggerProvider
{
    private readonly ConcurrentQueue<(string Text, Exception? Exception)> entries = new();

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, entries);

    /// <summary>Returns the entries since the last call.</summary>
    /// <param name="allowsUnreadableRows">Whether a row was damaged.</param>
    internal IReadOnlyList<string> Take(bool allowsUnreadableRows = false)
    {
        var taken = new List<string>();
        while (entries.TryDequeue(out var entry))
        {
            if (!(allowsUnreadableRows && entry.Exception is UnreadableRowException))
                taken.Add(entry.Text);
        }

        return taken;
    }

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<(string, Exception?)> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var isMalformedBody = exception is BadHttpRequestException && logLevel is LogLevel.Information && category.StartsWith("Credentialing", StringComparison.Ordinal);
            if ((exception is not null || logLevel >= LogLevel.Error) && !isMalformedBody)
                entries.Enqueue(($"{logLevel} {category} {formatter(state, exception)} {exception}", exception));
        }
    }
}
