using System.Net;
using System.Net.Sockets;
using Credentialing.Functions.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Authentication;

/// <summary>
/// The addresses of clients. Only headers that the platform writes are read, so that a client cannot choose its address.
/// <c>X-Forwarded-For</c> is not read: clients send it too, and the Functions host replaces it with the address of its own peer. Thread safe.
/// </summary>
public sealed class ClientAddresses(IOptions<ThrottlingOptions> throttling, IOptions<PlatformOptions> platform)
{
    /// <summary>
    /// Front Door writes its profile's id into each request to the app.
    /// Source: "Protocol support for HTTP headers in Azure Front Door".
    /// </summary>
    internal const string FrontDoorIdHeader = "X-Azure-FDID";

    /// <summary>
    /// The peer of Front Door's TCP connection (same source). Not <c>X-Azure-ClientIP</c>: a client can overwrite that one with its own
    /// <c>X-Forwarded-For</c>.
    /// </summary>
    internal const string FrontDoorClientHeader = "X-Azure-SocketIP";

    /// <summary>
    /// The peer of Azure's front end, as an address or an address and a port. The front end overwrites what the client sends.
    /// Source: "Headers on Azure App Service" (Azure/app-service-linux-docs).
    /// </summary>
    internal const string PlatformClientHeader = "CLIENT-IP";

    private const int NetworkBytes = 8;

    private readonly Guid? frontDoorId = Guid.TryParse(throttling.Value.FrontDoorId, out var id) ? id : null;
    private readonly bool isOnAzure = platform.Value.IdentityEndpoint is not null;

    /// <summary>
    /// Returns the address of a request's client. For IPv6, its /64 network: a client chooses the rest of its address (RFC 8981). Requests without a
    /// usable header share the address of the connection.
    /// </summary>
    internal IPAddress Of(HttpRequest request)
    {
        var address =
            (frontDoorId is not null && Guid.TryParse(Single(request, FrontDoorIdHeader), out var id) && id == frontDoorId ? Address(request, FrontDoorClientHeader) : null)
            ?? (isOnAzure ? Address(request, PlatformClientHeader) : null)
            ?? request.HttpContext.Connection.RemoteIpAddress
            ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily is AddressFamily.InterNetwork)
            return address;
        var network = address.GetAddressBytes();
        network.AsSpan(NetworkBytes).Clear();
        return new IPAddress(network);
    }

    /// <summary>Null if the header is missing, was sent more than once or is not an address.</summary>
    private static IPAddress? Address(HttpRequest request, string header) =>
        IPEndPoint.TryParse(Single(request, header) ?? "", out var endpoint) ? endpoint.Address : null;

    private static string? Single(HttpRequest request, string header) => request.Headers[header] is [{ } value] ? value : null;
}
