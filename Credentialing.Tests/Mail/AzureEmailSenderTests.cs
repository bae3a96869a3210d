using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Communication.Email;
using Azure.Core;
using Azure.Core.Pipeline;
using Credentialing.Core.Mail;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using EmailAttachment = Credentialing.Core.Mail.EmailAttachment;

namespace Credentialing.Tests.Mail;

/// <summary>The email sender of the deployed app, against a fake Azure Communication Services.</summary>
[Kind(TestKind.Unit)]
public sealed class AzureEmailSenderTests : IDisposable
{
    private static readonly EmailRecipient Rosa = new("Rosa Delgado", "rosa@lea.example");

    private readonly Service service = new();

    public void Dispose() => service.Dispose();

    [Fact]
    public async Task An_email_is_submitted_completely_with_its_operation_id()
    {
        var email = NewEmail(Rosa, new("Luis Ortega", "luis@lea.example"));

        Assert.Empty(Assert.IsType<EmailOutcome.Accepted>(await SendAsync(email)).Rejected);

        var request = Assert.Single(service.Requests);
        Assert.Equal(("POST", "/emails:send", email.OperationId.ToString(), "Bearer token of https://communication.azure.com//.default"), (request.Method, request.Path, request.OperationId, request.Authorization));
        var body = JsonElement.Parse(request.Body);
        Assert.Equal("noreply@toms.example", body.GetProperty("senderAddress").GetString());
        Assert.Equal(("Subject", "Text", "<p>Text</p>"), (Text("subject"), Text("plainText"), Text("html")));
        Assert.Equal(
            [("rosa@lea.example", "Rosa Delgado"), ("luis@lea.example", "Luis Ortega")],
            body.GetProperty("recipients").GetProperty("to").EnumerateArray().Select(to => (to.GetProperty("address").GetString()!, to.GetProperty("displayName").GetString()!)));
        var attachment = Assert.Single(body.GetProperty("attachments").EnumerateArray());
        Assert.Equal(("reminder.ics", "text/calendar"), (attachment.GetProperty("name").GetString(), attachment.GetProperty("contentType").GetString()));
        Assert.Equal("BEGIN:VCALENDAR", Encoding.UTF8.GetString(attachment.GetProperty("contentInBase64").GetBytesFromBase64()));

        string? Text(string name) => body.GetProperty("content").GetProperty(name).GetString();
    }

    [Theory]
    [InlineData(200, """{"id":"ID","status":"Running"}""", false)]
    [InlineData(200, """{"id":"ID","status":"Succeeded"}""", false)]
    [InlineData(200, """{"id":"ID","status":"Failed","error":{"code":"EmailDropped","message":"It was dropped."}}""", true)]
    [InlineData(404, """{"error":{"code":"NotFound","message":"There is no such operation."}}""", true)]
    [InlineData(400, """{"error":{"code":"BadRequest","message":"There is no such operation."}}""", true)]
    public async Task A_repeated_email_is_submitted_only_if_the_service_does_not_have_it(int status, string body, bool isSubmitted)
    {
        var email = NewEmail(Rosa) with { IsRepeated = true };
        service.Respond(status, body.Replace("ID", email.OperationId.ToString(), StringComparison.Ordinal));

        Assert.IsType<EmailOutcome.Accepted>(await SendAsync(email));

        var lookup = ("GET", $"/emails/operations/{email.OperationId}");
        Assert.Equal(isSubmitted ? [lookup, ("POST", "/emails:send")] : [lookup], service.Requests.Select(request => (request.Method, request.Path)));
    }

    [Theory]
    [InlineData("jörg@lea.example")]
    [InlineData("\"rosa delgado\"@lea.example")]
    [InlineData("rosa@[192.0.2.1]")]
    [InlineData("rosa@lea@example")]
    [InlineData("")]
    public async Task An_address_that_the_service_does_not_support_is_left_out(string address)
    {
        var outcome = Assert.IsType<EmailOutcome.Accepted>(await SendAsync(NewEmail(Rosa, new("Somebody", address))));
        Assert.Equal([address], outcome.Rejected);
        Assert.DoesNotContain("Somebody", Assert.Single(service.Requests).Body, StringComparison.Ordinal);

        Assert.IsType<EmailOutcome.Refused>(await SendAsync(NewEmail(new EmailRecipient("Somebody", address))));
        Assert.Single(service.Requests);
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData(null, 60)]
    [InlineData("Fri, 27 Nov 2026 00:00:00 GMT", 60)]
    public async Task A_429_response_returns_Throttled_with_Retry_After_or_one_minute(string? retryAfter, int seconds)
    {
        service.Respond(429, """{"error":{"code":"TooManyRequests","message":"Too many requests."}}""", retryAfter);
        var outcome = Assert.IsType<EmailOutcome.Throttled>(await SendAsync(NewEmail(Rosa)));
        Assert.Equal(TimeSpan.FromSeconds(seconds), outcome.RetryAfter);
        Assert.Single(service.Requests); // no retry by the SDK client
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task An_error_response_throws_an_exception_without_recipients(int status)
    {
        service.Respond(status, """{"error":{"code":"ItsCode","message":"Not to rosa@lea.example."}}""");
        var failure = await Assert.ThrowsAsync<IOException>(() => SendAsync(NewEmail(Rosa)));
        Assert.Contains($"{status} ItsCode", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("rosa", failure.ToString(), StringComparison.Ordinal);
        Assert.Single(service.Requests);
    }

    [Fact]
    public async Task A_repeated_email_is_not_submitted_if_the_lookup_fails()
    {
        service.Respond(500, "{}");
        await Assert.ThrowsAsync<IOException>(() => SendAsync(NewEmail(Rosa) with { IsRepeated = true }));
        Assert.Equal("GET", Assert.Single(service.Requests).Method);
    }

    [Theory]
    [InlineData("https://mail.communication.azure.com", null)]
    [InlineData(null, "Credentialing__Azure__CommunicationEndpoint: It is required, unless email is sent by SMTP (Credentialing__Mail__Smtp__Host).")]
    public void The_app_requires_the_communication_endpoint(string? endpoint, string? failure)
    {
        using var services = new ServiceCollection()
            .Configure<AzureOptions>(options => options.CommunicationEndpoint = endpoint is null ? null : new Uri(endpoint))
            .AddSingleton<TokenCredential>(new Credential())
            .AddAzureEmailSender()
            .BuildServiceProvider();
        if (failure is null)
            Assert.IsType<AzureEmailSender>(services.GetRequiredService<IEmailSender>());
        else
            Assert.Equal(failure, Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IEmailSender>()).Message);
    }

    private static Email NewEmail(params EmailRecipient[] to) => new(
        Guid.NewGuid(), to, "Subject", "Text", "<p>Text</p>", new EmailAttachment("reminder.ics", "text/calendar; method=PUBLISH", "BEGIN:VCALENDAR"u8.ToArray()));

    private Task<EmailOutcome> SendAsync(Email email)
    {
        var options = AzureEmailRegistration.WithoutRetries(new EmailClientOptions());
        options.Transport = new HttpClientTransport(new HttpClient(service, disposeHandler: false));
        var client = new EmailClient(new Uri("https://mail.communication.azure.com"), new Credential(), options);
        var sender = new AzureEmailSender(client, Options.Create(new MailOptions { From = "noreply@toms.example" }));
        return sender.SendAsync(email, TestContext.Current.CancellationToken);
    }

    /// <summary>Returns a token that contains its scope.</summary>
    private sealed class Credential : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => new($"token of {requestContext.Scopes.Single()}", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }

    /// <summary>Fake Azure Communication Services. Accepts the email unless a test configures another response.</summary>
    private sealed class Service : HttpMessageHandler
    {
        private readonly ConcurrentQueue<(int Status, string Body, string? RetryAfter)> responses = new();
        private readonly ConcurrentQueue<SentRequest> requests = new();

        internal IReadOnlyCollection<SentRequest> Requests => requests;

        internal void Respond(int status, string body, string? retryAfter = null) => responses.Enqueue((status, body, retryAfter));

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var operationId = request.Headers.TryGetValues("Operation-Id", out var ids) ? ids.Single() : Guid.NewGuid().ToString();
            requests.Enqueue(new SentRequest(
                request.Method.Method, request.RequestUri!.AbsolutePath, operationId, request.Headers.Authorization?.ToString(),
                request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
            var (status, body, retryAfter) = responses.TryDequeue(out var scripted) ? scripted : (202, $$"""{"id":"{{operationId}}","status":"Running"}""", null);
            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            if (retryAfter is not null)
                Assert.True(response.Headers.TryAddWithoutValidation("Retry-After", retryAfter));
            if (status == 202)
                response.Headers.Add("Operation-Location", $"https://mail.communication.azure.com/emails/operations/{operationId}?api-version=2025-09-01");
            return response;
        }
    }

    private sealed record SentRequest(string Method, string Path, string OperationId, string? Authorization, string Body);
}
