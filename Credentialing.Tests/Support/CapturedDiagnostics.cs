using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Credentialing.Tests.Support;

/// <summary>A text, and where it was found.</summary>
/// <param name="Place">Where: the kind of source, and its name.</param>
/// <param name="Text">The text.</param>
public sealed record Captured(string Place, string Text);

/// <summary>
/// Captures all that the process can write about itself: log entries and scopes at every level, spans of all sources, events of the
/// Azure clients and of .NET's network and server code at every level, metrics with their tags, and exceptions, also those that are caught.
/// Sources other than log entries belong to the whole process, so other tests can add to them.
/// </summary>
public sealed class CapturedDiagnostics : EventListener, ILoggerProvider
{
    /// <summary>Log entries and scopes that the filters of the app remove: see TelemetryRegistration.AddLogFilters.</summary>
    public const string FilteredLog = "filtered log";

    private readonly ConcurrentQueue<Captured> captured = [];
    private readonly ConcurrentQueue<Activity> exported = [];
    private readonly ActivityListener spans;
    private readonly MeterListener meters = new();

    public CapturedDiagnostics()
    {
        spans = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => Add($"span of {span.Source.Name}", TextOf(span)),
        };
        ActivitySource.AddActivityListener(spans);
        meters.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        meters.SetMeasurementEventCallback<byte>(Measure);
        meters.SetMeasurementEventCallback<short>(Measure);
        meters.SetMeasurementEventCallback<int>(Measure);
        meters.SetMeasurementEventCallback<long>(Measure);
        meters.SetMeasurementEventCallback<float>(Measure);
        meters.SetMeasurementEventCallback<double>(Measure);
        meters.SetMeasurementEventCallback<decimal>(Measure);
        meters.Start();
        AppDomain.CurrentDomain.FirstChanceException += OnException;
    }

    /// <summary>All that was captured, and the spans as an exporter gets them.</summary>
    public IReadOnlyList<Captured> All => [.. captured, .. exported.Select(span => new Captured("exported span", TextOf(span)))];

    /// <summary>The processor that gets the spans that are exported. They are read after all other processors.</summary>
    public BaseProcessor<Activity> Exporter => new Processor(exported);

    public void Add(string place, string text) => captured.Enqueue(new(place, text));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public override void Dispose()
    {
        AppDomain.CurrentDomain.FirstChanceException -= OnException;
        spans.Dispose();
        meters.Dispose();
        base.Dispose();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (IsSource(eventSource.Name))
            EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData) =>
        Add($"event of {eventData.EventSource.Name}", $"{eventData.EventName} {string.Join(' ', (eventData.Payload ?? (IEnumerable<object?>)[]).Select(Text))}");

    /// <summary>The sources of the Azure clients, of HttpClient with what is below it, and of ASP.NET Core with its server.</summary>
    private static bool IsSource(string name) =>
        name.StartsWith("Azure-", StringComparison.Ordinal) || name.StartsWith("System.Net.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft-AspNetCore-", StringComparison.Ordinal) || name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal);

    private static string Text(object? value) => value switch
    {
        string text => text,
        byte[] bytes => Convert.ToHexString(bytes),
        IEnumerable values => string.Join(' ', values.Cast<object?>().Select(Text)),
        _ => $"{value}",
    };

    private static string TextOf(Activity span) =>
        $"{span.OperationName} {span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Baggage)} {string.Join(' ', span.Events.SelectMany(item => item.Tags))}";

    private void Measure<T>(Instrument instrument, T measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        Add(instrument.Meter.Name == "Credentialing" ? "metric of the app" : "metric of a library", $"{instrument.Name} {string.Join(' ', tags.ToArray())}");

    private void OnException(object? sender, FirstChanceExceptionEventArgs thrown) =>
        Add("exception", $"{thrown.Exception.GetType()} {thrown.Exception.Message} {string.Join(' ', thrown.Exception.Data.Values.Cast<object?>())}");

    private sealed class Logger(CapturedDiagnostics diagnostics, string category) : ILogger
    {
        private readonly bool isFiltered = category.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || category.StartsWith("System.Net.Http", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            diagnostics.Add(isFiltered ? FilteredLog : "log", $"{category} {Values(state)}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            diagnostics.Add(isFiltered && logLevel < LogLevel.Warning ? FilteredLog : "log", $"{logLevel} {category} {formatter(state, exception)} {Values(state)} {exception}");

        private static string Values<TState>(TState state) => state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values) : $"{state}";
    }

    private sealed class Processor(ConcurrentQueue<Activity> ended) : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data) => ended.Enqueue(data);
    }
}
