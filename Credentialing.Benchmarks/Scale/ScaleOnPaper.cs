using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sections;

namespace Credentialing.Benchmarks.Scale;

/// <summary>The load of three populations beside the limits of Azure, and what a month costs. Calculated, not measured.</summary>
internal sealed class ScaleOnPaper : ISection
{
    public string Name => "scale";

    public Task RunAsync(Report report)
    {
        var models = Population.All.Select(population => new LoadModel(population)).ToList();
        string[] populations = [.. models.Select(model => model.Population.Name)];

        report.Section("Scale, calculated");
        report.Paragraph("The load of a release day at its peak. [Scale](#scale) has the model, the sources of the limits and the conclusions.");
        report.Table(["", .. populations],
        [
            Row("LEAs", model => model.Population.Leas),
            Row("students", model => model.Population.Students),
            Row("requests on the day", model => model.RequestsInDay),
            Row("requests/s", model => model.RequestsPerSecond),
            Row("requests/s to Table Storage", model => model.TableRequestsPerSecond),
            Row("requests/s to Blob Storage", model => model.BlobRequestsPerSecond),
            Row("concurrent requests", model => model.Concurrency),
            Row("instances of 2,048 MB, 16 requests each", model => model.Instances),
            Row("Gbit/s to vendors", model => model.BitsPerSecond / 1e9),
            Row("LEAs with a reminder on the busiest day", model => model.DueLeas),
            [$"daily run, {LoadModel.Parallelism} LEAs in parallel", .. models.Select(model => Format.Duration(model.RunTime))],
            ["daily run, 64 LEAs in parallel", .. models.Select(model => Format.Duration(model.RunWith(64)))],
            Row("storage accounts needed", model => model.StorageAccounts),
        ]);

        report.Paragraph("The load as a part of each limit. Above 100 %, the limit is exceeded.");
        report.Table(["Limit", .. populations], models[0].Parts.Select((part, index) => (IReadOnlyList<string>)
            [part.Limit, .. models.Select(model => Percent(model.Parts[index].Part))]));

        report.Paragraph("A month with one release day, in US dollars at list prices.");
        report.Table(["", .. populations],
        [
            .. models[0].Costs.Select((cost, index) => Row(cost.Item, model => model.Costs[index].Dollars)),
            Row("**sum**", model => model.Costs.Sum(cost => cost.Dollars)),
            Row("in addition, if each vendor lists each student each night", model => model.CostOfNightlyLists),
        ]);
        return Task.CompletedTask;

        IReadOnlyList<string> Row(string title, Func<LoadModel, double> value) => [title, .. models.Select(model => Format.Number(value(model)))];
    }

    private static string Percent(double part) => $"{(part > 1 ? "**" : "")}{Format.Number(100 * part)} %{(part > 1 ? "**" : "")}";
}
