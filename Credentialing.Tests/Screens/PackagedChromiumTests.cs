using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Tests of the packaged browser. They also run on machines that have another browser installed.</summary>
[Kind(TestKind.Browser)]
public sealed class PackagedChromiumTests(AzuriteFixture azurite, BrowserFixture browser)
{
    [Fact]
    public async Task The_packaged_Chromium_shows_the_screen()
    {
        await using var packaged = await browser.LaunchPackagedAsync();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.FromContextAsync(await packaged.NewContextAsync(new() { Locale = "en-US" }), host.Address);

        await visit.SignInAsync("Rosa Delgado");
        await visit.GenerateAsync();

        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
    }

    [Fact]
    public async Task The_packaged_Chromium_has_fonts()
    {
        await using var packaged = await browser.LaunchPackagedAsync();
        var page = await packaged.NewPageAsync();

        await page.SetContentAsync("""
            <span style="font-family: serif">text</span>
            <span style="font-family: sans-serif">text</span>
            <span style="font-family: monospace">text</span>
            """);

        var widths = await page.Locator("span").EvaluateAllAsync<double[]>("spans => spans.map(span => span.offsetWidth)");
        Assert.All(widths, width => Assert.InRange(width, 10, 100)); // the width is 0 without a font
        Assert.Equal(3, widths.Length);
    }

    [Fact]
    public async Task Concurrent_Unpack_calls_leave_one_complete_folder()
    {
        using var archives = new TemporaryFolder();
        using var clone = new TemporaryFolder();
        var program = new string('x', 1_000_000);
        await WriteArchiveAsync("chromium.br", content => content.WriteAsync(Encoding.UTF8.GetBytes(program)).AsTask());
        await WriteArchiveAsync("al2023.tar.br", content => WriteTarAsync(content, "lib/libnss3.so"));
        await WriteArchiveAsync("fonts.tar.br", content => WriteTarAsync(content, "fonts/OpenSans-Regular.ttf"));
        var folder = Path.Combine(clone.Path, "unpacked");
        Directory.CreateDirectory($"{folder}.killed"); // left by a killed process

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PackagedChromium.Unpack(archives.Path, folder))));

        Assert.Equal([folder, $"{folder}.killed"], Directory.GetDirectories(clone.Path).Order(StringComparer.Ordinal));
        Assert.Equal(program, await File.ReadAllTextAsync(Path.Combine(folder, "chromium"), TestContext.Current.CancellationToken));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(folder, "chromium")).HasFlag(UnixFileMode.UserExecute));
        Assert.All(["lib/libnss3.so", "fonts/OpenSans-Regular.ttf", "fonts.conf"], file => Assert.True(File.Exists(Path.Combine(folder, file)), file));

        async Task WriteArchiveAsync(string name, Func<Stream, Task> write)
        {
            await using var archive = new BrotliStream(File.Create(Path.Combine(archives.Path, name)), CompressionMode.Compress);
            await write(archive);
        }

        static async Task WriteTarAsync(Stream content, string file)
        {
            await using var tar = new TarWriter(content);
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file));
        }
    }
}
