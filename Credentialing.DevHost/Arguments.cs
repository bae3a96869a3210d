using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Credentialing.DevHost;

/// <summary>The command-line arguments of DevHost.</summary>
/// <param name="Url">The address to listen on.</param>
/// <param name="DataFolder">The data folder.</param>
/// <param name="Reset">Whether to delete the data first.</param>
/// <param name="Telemetry">Whether to print spans and metrics.</param>
internal sealed record Arguments(string Url, string DataFolder, bool Reset, bool Telemetry)
{
    private const string DefaultUrl = "http://127.0.0.1:7071";

    internal const string Usage = $"""
        dotnet run --project Credentialing.DevHost -- [--urls URL] [--data FOLDER] [--reset] [--telemetry]
          --urls URL     listen on this address (default: {DefaultUrl})
          --data FOLDER  keep the data in this folder (default: .dev/PORT in the clone)
          --reset        delete the data before starting
          --telemetry    print telemetry: spans immediately, metrics every ten seconds
        """;

    /// <exception cref="DevHostException">An argument is unknown or invalid.</exception>
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
            address is { Host: "localhost", Port: 0 }) // localhost is two addresses (IPv4 and IPv6), which would get different ports
            throw new DevHostException($"\"{url}\" is not a valid address to listen on. Use an address such as {DefaultUrl}.");
        var port = address.Port.ToString(CultureInfo.InvariantCulture);
        return new Arguments(url.TrimEnd('/'), Path.GetFullPath(data ?? Path.Combine(ProjectFolder.Root, ".dev", port)), reset, telemetry);
    }

    internal DevHostException AddressInUse() =>
        new($"{Url} is in use by another program. Stop it, or use another address: --urls http://127.0.0.1:7072");

    /// <summary>Checks that the address is available before anything else is started.</summary>
    /// <exception cref="DevHostException">The address is not available.</exception>
    internal void ThrowIfAddressUnavailable()
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
                ? AddressInUse()
                : new DevHostException($"Cannot listen on {Url}: {failure.Message}. Use an address such as {DefaultUrl}.");
        }
    }
}
