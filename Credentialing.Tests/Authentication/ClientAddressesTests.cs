using System.Net;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Credentialing.Tests.Authentication;

[Kind(TestKind.Unit)]
public sealed class ClientAddressesTests
{
    private const string FrontDoor = "a0a0a0a0-bbbb-cccc-dddd-e1e1e1e1e1e1";
    private const string Peer = "198.51.100.1";

    [Theory]
    [InlineData("CLIENT-IP=203.0.113.7:49828", "203.0.113.7")]
    [InlineData("CLIENT-IP=203.0.113.7", "203.0.113.7")]
    [InlineData("CLIENT-IP=[2001:db8:1:2:3:4:5:6]:49828", "2001:db8:1:2::")]
    [InlineData("CLIENT-IP=::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("CLIENT-IP=203.0.113.7|X-Forwarded-For=192.0.2.1|X-Azure-SocketIP=192.0.2.2|X-Azure-ClientIP=192.0.2.3", "203.0.113.7")]
    [InlineData("CLIENT-IP=203.0.113.7|X-Azure-SocketIP=192.0.2.2|X-Azure-FDID=00000000-0000-0000-0000-000000000000", "203.0.113.7")]
    [InlineData("CLIENT-IP=203.0.113.7|X-Azure-SocketIP=192.0.2.2|X-Azure-FDID=" + FrontDoor, "192.0.2.2")]
    [InlineData("CLIENT-IP=203.0.113.7|X-Azure-SocketIP=192.0.2.2|X-Azure-ClientIP=192.0.2.3|X-Azure-FDID=" + FrontDoor, "192.0.2.2")]
    [InlineData("CLIENT-IP=203.0.113.7|X-Azure-FDID=" + FrontDoor, "203.0.113.7")]
    [InlineData("CLIENT-IP=203.0.113.7|X-Azure-SocketIP=192.0.2.2|X-Azure-FDID=" + FrontDoor + "|X-Azure-FDID=" + FrontDoor, "203.0.113.7")]
    [InlineData("CLIENT-IP=192.0.2.1|CLIENT-IP=203.0.113.7", Peer)]
    [InlineData("CLIENT-IP=192.0.2.1, 203.0.113.7", Peer)]
    [InlineData("CLIENT-IP=nobody", Peer)]
    [InlineData("X-Forwarded-For=192.0.2.1", Peer)]
    public void On_Azure_the_address_is_what_the_platform_says(string headers, string expected) =>
        Assert.Equal(IPAddress.Parse(expected), AddressOf(headers, Peer, isOnAzure: true, FrontDoor));

    /// <summary>Without a configured id, anyone can send the headers of Front Door; off Azure, also that of the platform.</summary>
    [Theory]
    [InlineData("X-Azure-SocketIP=192.0.2.2|X-Azure-FDID=" + FrontDoor)]
    [InlineData("X-Azure-SocketIP=192.0.2.2|X-Azure-FDID=")]
    [InlineData("CLIENT-IP=192.0.2.1")]
    [InlineData("X-Forwarded-For=192.0.2.1")]
    public void Headers_that_nobody_is_known_to_write_are_ignored(string headers)
    {
        foreach (var frontDoorId in (string?[])[null, ""])
            Assert.Equal(IPAddress.Parse(Peer), AddressOf(headers, Peer, isOnAzure: false, frontDoorId));
    }

    private static IPAddress AddressOf(string headers, string peer, bool isOnAzure, string? frontDoorId)
    {
        var addresses = new ClientAddresses(
            Options.Create(new ThrottlingOptions { FrontDoorId = frontDoorId }),
            Options.Create(new PlatformOptions { IdentityEndpoint = isOnAzure ? "http://127.0.0.1" : null }));
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        foreach (var header in headers.Split('|'))
            context.Request.Headers.Append(header.Split('=')[0], header.Split('=')[1]);
        return addresses.Of(context.Request);
    }
}
