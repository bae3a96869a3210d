using System.Net;
using Azure;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Telemetry;

[Kind(TestKind.Unit)]
public sealed class FailureReasonTests
{
    public static TheoryData<Exception, string> Failures => new()
    {
        { new AggregateException(new TimeoutException(), new RequestFailedException(503, "secret", "ServerBusy", null)), "HTTP 503 ServerBusy" },
        { new RequestFailedException("secret"), "no response" },
        { new RequestFailedException(403, "secret"), "HTTP 403" },
        { new HttpRequestException("secret", null, HttpStatusCode.BadGateway), "HTTP 502" },
        { new HttpRequestException("secret", new IOException("secret")), "HttpRequestException: IOException" },
        { new InvalidOperationException("secret"), "InvalidOperationException" },
        { UnreadableRowException.Corrupt(new("01612590000000", "credential"), "has no key"), UnreadableRowException.Corrupt(new("01612590000000", "credential"), "has no key").Message.TrimEnd('.') },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void The_reason_has_the_cause_and_only_messages_of_this_project(Exception failure, string reason) => Assert.Equal(reason, FailureReason.Of(failure));
}
