using System.Net;
using Credentialing.Benchmarks.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Credentialing.Benchmarks.Sides;

/// <summary>A server of one side, which runs in a child process, so that its use of the processor is not mixed with that of the load.</summary>
internal sealed class ServedSide : IAsyncDisposable
{
    /// <summary>The command of the child process. The side's name follows.</summary>
    internal const string Command = "serve";

    private ServedSide(MeteredProcess process, string line)
    {
        Process = process;
        var parts = line.Split(' ');
        (Address, Username, SecretKey) = (new Uri(parts[0]), parts[1], parts[2]);
    }

    internal MeteredProcess Process { get; }

    internal Uri Address { get; }

    internal string Username { get; }

    internal string SecretKey { get; }

    /// <summary>Starts the server of a side in a child process.</summary>
    internal static async Task<ServedSide> StartAsync(string name)
    {
        var (process, line) = await MeteredProcess.StartSelfAsync(Command, name);
        return new ServedSide(process, line);
    }

    /// <summary>Runs a server in this process, prints how to reach it, and stops it when the standard input is closed.</summary>
    /// <param name="app">The server.</param>
    /// <param name="username">The user name that a token request must contain.</param>
    /// <param name="secretKey">The secret that a token request must contain. It is of no use elsewhere.</param>
    internal static async Task ServeAsync(WebApplication app, string username, string secretKey)
    {
        await app.StartAsync();
        Console.WriteLine($"{app.Urls.Single()} {username} {secretKey}");
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
    }

    /// <summary>Returns a builder of a server on a free port that logs nothing.</summary>
    internal static WebApplicationBuilder NewBuilder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        builder.Logging.ClearProviders();
        return builder;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
