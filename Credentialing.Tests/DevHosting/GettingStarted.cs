using System.Diagnostics;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DevHosting;

/// <summary>Runs the commands of <c>docs/getting-started.md</c>.</summary>
internal static class GettingStarted
{
    /// <summary>
    /// Returns the bash blocks in a section of the guide, with the address of this DevHost. Without their lines that read a pasted key.
    /// </summary>
    internal static async Task<string[]> CommandsAsync(string section, DevHostProcess host)
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Root, "docs/getting-started.md"), TestContext.Current.CancellationToken);
        var blocks = guide.Split("\n## ").Single(text => text.StartsWith(section, StringComparison.Ordinal))
            .Split("```").Where(block => block.StartsWith("bash\n", StringComparison.Ordinal)).Select(block => block["bash\n".Length..].Split('\n'));
        return [.. blocks.Select(lines => string.Join('\n', lines.Where(line => !line.StartsWith("read ", StringComparison.Ordinal))).Replace("http://127.0.0.1:7071/", host.Address.ToString(), StringComparison.Ordinal))];
    }

    /// <summary>Runs the commands in one shell in a temporary folder. Returns the downloaded report, if any, and the output.</summary>
    internal static async Task<(byte[]? Report, string Output)> RunInShellAsync(string[] commands)
    {
        using var folder = new TemporaryFolder();
        var shell = await ProcessResult.RunAsync(new ProcessStartInfo("bash") { WorkingDirectory = folder.Path }, string.Join('\n', commands.Append("")));
        Assert.Equal((0, ""), (shell.ExitCode, shell.Errors));
        var report = Path.Combine(folder.Path, "report.pdf");
        return (File.Exists(report) ? await File.ReadAllBytesAsync(report, TestContext.Current.CancellationToken) : null, shell.Output);
    }
}
