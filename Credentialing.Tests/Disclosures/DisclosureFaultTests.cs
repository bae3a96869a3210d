using System.Net;
using Credentialing.Core.ScoreReports;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Disclosures;

/// <summary>A report is never sent without a record, and there is never a record of a report that was not sent, but for a crash.</summary>
[Kind(TestKind.Storage)]
public sealed class DisclosureFaultTests(AzuriteFixture azurite)
{
    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Except([Fault.None, Fault.Crash, Fault.CrashAfter])];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_in_any_storage_request_of_a_download_leaves_a_record_exactly_if_the_report_was_sent(Fault fault)
    {
        var requests = int.MaxValue;
        for (var failing = 1; failing <= requests; failing++)
        {
            await using var downloads = await Downloads.CreateAsync(azurite);
            downloads.World.Traffic.Reset();
            downloads.World.Traffic.InjectFault = number => number == failing ? fault : Fault.None;

            var response = await downloads.GetAsync();

            requests = downloads.World.Traffic.Requests.Count;
            var records = await CountAsync(downloads.World);
            if (response.Status == HttpStatusCode.OK)
                Assert.Equal((Downloads.Content, 1), (response.Text, records));
            else
                Assert.Equal(0, records);
            Assert.Contains((int)response.Status, (int[])[200, 500, 503]);
        }
    }

    [Theory]
    [InlineData(Fault.Crash)]
    [InlineData(Fault.CrashAfter)]
    public async Task After_a_crash_at_any_storage_request_no_content_was_sent_without_a_record(Fault fault)
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        Assert.True(ScoreReport.TryParseId(Ssid.Parse("9016125901"), "2026-ssr-en.pdf", out var report));
        List<int> records = [];
        for (var failing = 1; failing <= 4; failing++) // the file, both entries for the daily run, the record
        {
            var broken = downloads.World.AnotherInstance();
            broken.Traffic.InjectFault = number => number == failing ? fault : Fault.None;

            var download = DownloadAsync(broken);
            await broken.ExternalCalls.Crashed.WaitAsync(TestContext.Current.CancellationToken);

            Assert.False(download.IsCompleted);
            records.Add(await CountAsync(downloads.World));
        }

        Assert.Equal([0, 0, 0, fault is Fault.CrashAfter ? 1 : 0], records);

        async Task<int> DownloadAsync(TestWorld instance)
        {
            var file = await instance.Reports.OpenAsync(
                TestWorld.Oakland, report, default, known: null, record: () => Downloads.RecordAsync(instance, TestWorld.Oakland), TestContext.Current.CancellationToken);
            return await file!.Content.ReadAsync(new byte[4], TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task While_downloads_cannot_be_recorded_none_is_sent()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        var fault = Fault.None;
        downloads.World.Traffic.InjectFault = _ => downloads.World.Traffic.Requests.Last().Contains("/Disclosures", StringComparison.Ordinal) || downloads.World.Traffic.Requests.Last().Contains("$batch", StringComparison.Ordinal) ? fault : Fault.None;
        await downloads.GetAsync($"{Downloads.Reports}/2026-ssr-fr.pdf"); // records the first use of the day
        fault = Fault.Unavailable;

        foreach (var headers in (string[][])[[], ["Range", "bytes=4-"]])
        {
            var response = await downloads.GetAsync(Downloads.Report, headers);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
            Assert.Null(response.Headers.ETag);
        }

        Assert.Equal(0, await CountAsync(downloads.World));
        fault = Fault.None;
        Assert.Equal(Downloads.Content, (await downloads.GetAsync()).Text);
        Assert.Equal(1, await CountAsync(downloads.World));
    }

    private static async Task<int> CountAsync(TestWorld world)
    {
        var rows = await world.RowsAsync("Disclosures");
        var byStudent = rows.Count(row => row.RowKey.StartsWith("student:", StringComparison.Ordinal));
        Assert.Equal(byStudent, rows.Count(row => row.RowKey.StartsWith("time:", StringComparison.Ordinal)));
        if (byStudent > 0)
            Assert.Contains(rows, row => row.PartitionKey == "uncounted");
        return byStudent;
    }
}
