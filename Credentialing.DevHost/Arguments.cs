using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Credentialing.DevHost;

/// <summary>What DevHost was told on the command line.</summary>
/// <param name="Url">The one address to listen on.</param>
/// <param name="DataFolder">Where to keep the data of this address.</param>
/// <param name="Reset">Whether to forget the data first.</param>
/// <param name="Telemetry">Whether to print spans and metrics.</param>
internal sealed record Arguments(string Url, string DataFolder, bool Reset, bool Telemetry)
{
    private const string DefaultUrl = "http://127.0.0.1:7071";

    internal const string Usage = $"""
        dotnet run --project Credentialing.DevHost -- [--urls URL] [--data FOLDER] [--reset] [--telemetry]
          --urls URL     listen on this address ({DefaultUrl} unless told)
          --data FOLDER  keep the data here (.dev/PORT in the clone unless told)
          --reset        forget the data and start afresh
          --telemetry    print what operators would be told: spans at once, metrics every ten seconds
        """;

    /// <exception cref="DevHostException">They make no sense.</exception>
    internal static Arguments Parse(IReadOnlyList<string> args)
    {
        var (url, data, reset, telemetry) = (DefaultUrl, (string?)null, false, false);
        for (var index = 0; index < args.Count; index++)
        {
            switch (args[index])
            {
                case "--urls" when index + 1 < args.Count:
                    url = args[++index];
                    break;
                case "--data" when index + 1 < args.Count:
                    data = args[++index];
                    break;
                case "--reset":
                    reset = true;
                    break;
                case "--telemetry":
                    telemetry = true;
                    break;
                default:
                    throw new DevHostException(Usage);
            }
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp || address.AbsolutePath != "/" ||
            address is { Host: "localhost", Port: 0 }) // two addresses, IPv4 and IPv6, which would get two ports
            throw new DevHostException($"\"{url}\" is no address to listen on. Give one such as {DefaultUrl}.");
        var port = address.Port.ToString(CultureInfo.InvariantCulture);
        return new Arguments(url.TrimEnd('/'), Path.GetFullPath(data ?? Path.Combine(ProjectFolder.Root, ".dev", port)), reset, telemetry);
    }

    internal DevHostException Busy() =>
        new($"{Url} is taken by another program. End it, or give another address: --urls http://127.0.0.1:7072");

    /// <summary>Finds out whether the address can be listened on, before anything else is started.</summary>
    /// <exception cref="DevHostException">It cannot.</exception>
    internal void ThrowIfBusy()
    {
        var address = new Uri(Url);
        if (!IPAddress.TryParse(address.DnsSafeHost, out var host))
            host = IPAddress.Loopback;
        using var listener = new TcpListener(host, address.Port);
        try
        {
            listener.Start();
        }
        catch (SocketException failure)
        {
            throw failure.SocketErrorCode is SocketError.AddressAlreadyInUse
                ? Busy()
                : new DevHostException($"{Url} cannot be listened on: {failure.Message}. Give an address such as {DefaultUrl}.");
        }
    }
}
