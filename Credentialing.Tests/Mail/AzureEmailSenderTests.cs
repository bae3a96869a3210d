using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Communication.Email;
using Azure.Core;
using Azure.Core.Pipeline;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using EmailAttachment = Credentialing.Core.Mail.EmailAttachment;

namespace Credentialing.Tests.Mail;

/// <summary>The email sender of the deployed app, against a fake Azure Communication Services.</summary>
[Kind(TestKind.Unit)]
public sealed class AzureEmailSenderTests : IDisposable
{
    private static readonly EmailRecipient Rosa = new("Rosa Delgado", "rosa@lea.example");

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 26, 23, 58, 0, TimeSpan.Zero));
    private readonly Service service;

    public AzureEmailSenderTests() => service = new(clock);

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
    [InlineData("Running")]
    [InlineData("Succeeded")]
    public async Task A_repeated_email_is_not_submitted_if_the_service_has_it(string status)
    {
        var email = NewEmail(Rosa) with { IsRepeated = true };
        service.Respond(200, $$"""{"id":"{{email.OperationId}}","status":"{{status}}"}""");

        Assert.IsType<EmailOutcome.Accepted>(await SendAsync(email));

        Assert.Equal([("GET", $"/emails/operations/{email.OperationId}")], service.Requests.Select(request => (request.Method, request.Path)));
    }

    [Theory]
    [InlineData("Failed")]
    [InlineData("Canceled")]
    public async Task An_email_whose_operation_has_failed_is_refused_and_not_submitted_again(string status)
    {
        var email = NewEmail(Rosa) with { IsRepeated = true };
        service.Respond(200, $$$"""{"id":"{{{email.OperationId}}}","status":"{{{status}}}","error":{"code":"EmailDropped","message":"It was dropped."}}""");

        Assert.IsType<EmailOutcome.Refused>(await SendAsync(email));

        Assert.Equal("GET", Assert.Single(service.Requests).Method);
    }

    [Fact]
    public async Task An_email_that_the_service_does_not_know_is_looked_up_twice_in_half_a_minute_before_it_is_submitted_again()
    {
        service.Respond(404, NotFound);
        service.Respond(404, NotFound);
        var sending = SendAsync(NewEmail(Rosa) with { IsRepeated = true });
        await service.ReceivedAsync(1);
        Assert.False(sending.IsCompleted);

        await AdvanceUntilAsync(sending);

        Assert.IsType<EmailOutcome.Accepted>(await sending);
        Assert.Equal(["GET", "GET", "POST"], service.Requests.Select(request => request.Method));
        Assert.InRange(service.Requests.Last().At - service.Requests.First().At, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task An_email_that_the_service_knows_only_half_a_minute_later_is_not_submitted_again()
    {
        service.Respond(404, NotFound);
        service.Respond(200, """{"id":"1","status":"Running"}""");
        var sending = SendAsync(NewEmail(Rosa) with { IsRepeated = true });

        await AdvanceUntilAsync(sending);

        Assert.IsType<EmailOutcome.Accepted>(await sending);
        Assert.Equal(["GET", "GET"], service.Requests.Select(request => request.Method));
    }

    [Theory]
    [InlineData(302, false)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(408, false)]
    [InlineData(429, true)]
    [InlineData(500, false)]
    public async Task An_email_is_not_submitted_again_while_the_service_does_not_report_whether_it_has_it(int status, bool concernsOnlyThisEmail)
    {
        service.Respond(status, """{"error":{"code":"ItsCode","message":"Not to rosa@lea.example."}}""");

        var failure = await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(NewEmail(Rosa) with { IsRepeated = true }));

        Assert.Equal(concernsOnlyThisEmail, failure.ConcernsOnlyThisEmail);
        Assert.Contains($"{status}", failure.Message, StringComparison.Ordinal);
        Assert.Equal("GET", Assert.Single(service.Requests).Method);
    }

    [Fact]
    public async Task An_email_is_not_submitted_again_if_the_lookup_has_no_response()
    {
        service.Respond(0, "");
        await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(NewEmail(Rosa) with { IsRepeated = true }));
        Assert.Equal("GET", Assert.Single(service.Requests).Method);
    }

    [Fact]
    public async Task An_address_that_the_service_rejects_does_not_keep_the_email_from_the_others()
    {
        service.Reject("luis@lea.example");
        var email = NewEmail(Rosa, new("Luis Ortega", "Luis@lea.example"), new("Mei Nakamura", "mei@lea.example"));

        var outcome = Assert.IsType<EmailOutcome.Accepted>(await SendAsync(email));

        Assert.Equal(["Luis@lea.example"], outcome.Rejected);
        Assert.Empty(outcome.Deferred);
        Assert.Equal(["rosa@lea.example", "mei@lea.example"], service.AcceptedRecipients);
        Assert.Equal(4, service.Requests.Select(request => request.OperationId).Distinct().Count());

        // A retry uses the same operation ids, and looks up each request first.
        var first = service.Requests.Skip(1).Select(request => request.OperationId).ToList();
        var sending = SendAsync(email with { IsRepeated = true });
        await AdvanceUntilAsync(sending);
        Assert.Empty(Assert.IsType<EmailOutcome.Accepted>(await sending).Deferred);
        Assert.Equal(["rosa@lea.example", "mei@lea.example"], service.AcceptedRecipients);
        Assert.Superset(first.Select(id => $"/emails/operations/{id}").ToHashSet(), service.Requests.Select(request => request.Path).ToHashSet());
    }

    [Fact]
    public async Task An_email_that_the_service_rejects_for_everybody_is_a_failure_that_concerns_only_this_email()
    {
        service.Reject("@lea.example");
        var failure = await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(NewEmail(Rosa, new("Luis Ortega", "luis@lea.example"))));
        Assert.True(failure.ConcernsOnlyThisEmail);
        Assert.DoesNotContain("lea.example", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_is_sent_once_whatever_its_case()
    {
        Assert.Empty(Assert.IsType<EmailOutcome.Accepted>(await SendAsync(NewEmail(Rosa, new("Rosa", "ROSA@lea.example")))).Rejected);
        Assert.Equal(["rosa@lea.example"], service.AcceptedRecipients);
    }

    [Fact]
    public async Task An_international_domain_is_sent_in_ASCII()
    {
        Assert.Empty(Assert.IsType<EmailOutcome.Accepted>(await SendAsync(NewEmail(new EmailRecipient("Rosa", "rosa@bücher.example")))).Rejected);
        Assert.Equal(["rosa@xn--bcher-kva.example"], service.AcceptedRecipients);
    }

    [Fact]
    public void A_reminder_to_all_coordinators_of_an_LEA_is_one_request() => Assert.InRange(Lea.MaxCoordinators, 1, AzureEmailSender.MaxRecipients);

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
    [InlineData("Fri, 27 Nov 2026 00:00:00 GMT", 120)]
    [InlineData("Thu, 26 Nov 2026 00:00:00 GMT", 0)]
    [InlineData("99999999", 3600)]
    [InlineData("soon", 60)]
    public async Task A_429_response_returns_Throttled_with_Retry_After_or_one_minute(string? retryAfter, int seconds)
    {
        service.Respond(429, """{"error":{"code":"TooManyRequests","message":"Too many requests."}}""", retryAfter);
        var outcome = Assert.IsType<EmailOutcome.Throttled>(await SendAsync(NewEmail(Rosa)));
        Assert.Equal(TimeSpan.FromSeconds(seconds), outcome.RetryAfter);
        Assert.Single(service.Requests); // no retry by the SDK client
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(404, true)]
    [InlineData(408, false)]
    [InlineData(413, true)]
    [InlineData(500, false)]
    [InlineData(503, false)]
    public async Task An_error_response_throws_an_exception_without_recipients(int status, bool concernsOnlyThisEmail)
    {
        service.Respond(status, """{"error":{"code":"ItsCode","message":"Not to rosa@lea.example."}}""");
        var failure = await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(NewEmail(Rosa)));
        Assert.Equal(concernsOnlyThisEmail, failure.ConcernsOnlyThisEmail);
        Assert.Contains($"{status} ItsCode", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("rosa", failure.ToString(), StringComparison.Ordinal);
        Assert.Single(service.Requests);
    }

    [Theory]
    [InlineData("https://mail.communication.azure.com", null)]
    [InlineData(null, "Credentialing__Azure__CommunicationEndpoint: It is required, unless email is sent by SMTP (Credentialing__Mail__Smtp__Host).")]
    public void The_app_requires_the_communication_endpoint(string? endpoint, string? failure)
    {
        using var services = new ServiceCollection()
            .Configure<AzureOptions>(options => options.CommunicationEndpoint = endpoint is null ? null : new Uri(endpoint))
            .AddSingleton<TokenCredential>(new Credential())
            .AddSingleton(TimeProvider.System)
            .AddAzureEmailSender()
            .BuildServiceProvider();
        if (failure is null)
            Assert.IsType<AzureEmailSender>(services.GetRequiredService<IEmailSender>());
        else
            Assert.Equal(failure, Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IEmailSender>()).Message);
    }

    private const string NotFound = """{"error":{"code":"NotFound","message":"There is no such operation."}}""";

    /// <summary>Advances the clock, so that delays end, until the task completes.</summary>
    private async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private static Email NewEmail(params EmailRecipient[] to) => new(
        Guid.NewGuid(), to, "Subject", "Text", "<p>Text</p>", new EmailAttachment("reminder.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR"u8.ToArray()));

    private Task<EmailOutcome> SendAsync(Email email)
    {
        var options = AzureEmailRegistration.WithEmailLimits(new EmailClientOptions());
        options.Transport = new HttpClientTransport(new HttpClient(service, disposeHandler: false));
        var client = new EmailClient(new Uri("https://mail.communication.azure.com"), new Credential(), options);
        var sender = new AzureEmailSender(client, Options.Create(new MailOptions { From = "noreply@toms.example" }), clock);
        return sender.SendAsync(email, TestContext.Current.CancellationToken);
    }

    /// <summary>Returns a token that contains its scope.</summary>
    private sealed class Credential : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => new($"token of {requestContext.Scopes.Single()}", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }

    /// <summary>Fake Azure Communication Services. Accepts the email unless a test configures another response.</summary>
    private sealed class Service(TimeProvider time) : HttpMessageHandler
    {
        private readonly ConcurrentDictionary<string, string[]> accepted = new();
        private string? rejectedAddress;

        private readonly ConcurrentQueue<(int Status, string Body, string? RetryAfter)> responses = new();
        private readonly ConcurrentQueue<SentRequest> requests = new();

        internal IReadOnlyCollection<SentRequest> Requests => requests;

        /// <summary>The recipients of all accepted emails, in the order of the requests.</summary>
        internal IEnumerable<string> AcceptedRecipients =>
            requests.Where(request => request.Method == "POST" && accepted.ContainsKey(request.OperationId)).SelectMany(request => accepted[request.OperationId]);

        /// <summary>Configures the next response that is not configured yet. Status 0 is a connection reset.</summary>
        internal void Respond(int status, string body, string? retryAfter = null) => responses.Enqueue((status, body, retryAfter));

        /// <summary>Rejects emails to addresses with this end.</summary>
        internal void Reject(string address) => rejectedAddress = address;

        /// <summary>Waits until it has received a number of requests.</summary>
        internal async Task ReceivedAsync(int count)
        {
            while (requests.Count < count)
                await Task.Yield();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var operationId = request.Headers.TryGetValues("Operation-Id", out var ids) ? ids.Single() : request.RequestUri!.Segments[^1];
            var content = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            requests.Enqueue(new SentRequest(
                request.Method.Method, request.RequestUri!.AbsolutePath, operationId, request.Headers.Authorization?.ToString(), content, time.GetUtcNow()));
            var (status, body, retryAfter) = responses.TryDequeue(out var scripted) ? scripted : Reply(operationId, content);
            if (status == 0)
                throw new HttpRequestException("Connection reset.");
            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            if (retryAfter is not null)
                Assert.True(response.Headers.TryAddWithoutValidation("Retry-After", retryAfter));
            if (status == 202)
                response.Headers.Add("Operation-Location", $"https://mail.communication.azure.com/emails/operations/{operationId}?api-version=2025-09-01");
            return response;
        }

        private (int Status, string Body, string? RetryAfter) Reply(string operationId, string content)
        {
            if (content.Length == 0)
                return accepted.ContainsKey(operationId) ? (200, $$"""{"id":"{{operationId}}","status":"Running"}""", null) : (404, NotFound, null);
            string[] to = [.. JsonElement.Parse(content).GetProperty("recipients").GetProperty("to").EnumerateArray().Select(item => item.GetProperty("address").GetString()!)];
            if (rejectedAddress is not null && to.Any(address => address.EndsWith(rejectedAddress, StringComparison.OrdinalIgnoreCase)))
                return (400, """{"error":{"code":"BadRequest","message":"Invalid address in recipients."}}""", null);
            accepted[operationId] = to;
            return (202, $$"""{"id":"{{operationId}}","status":"Running"}""", null);
        }
    }

    private sealed record SentRequest(string Method, string Path, string OperationId, string? Authorization, string Body, DateTimeOffset At);
}
