using Credentialing.Benchmarks.Reporting;

namespace Credentialing.Benchmarks.Sections;

/// <summary>A section of docs/performance.md: it measures, and reports the figures and the goals.</summary>
internal interface ISection
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>Measures, and adds to the report.</summary>
    Task RunAsync(Report report);
}
