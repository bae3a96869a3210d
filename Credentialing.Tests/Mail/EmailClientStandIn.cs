using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;

// Replacement for the types of Azure.Communication.Email 1.1.0 that AzureEmailSender uses, for feeds without that package. Sends the
// same requests through the real Azure.Core pipeline: Email - Send and Email - Get Send Result, REST API version 2025-09-01.
namespace Azure.Communication.Email;

public sealed class EmailClientOptions : ClientOptions;

public sealed record EmailAddress(string Address, string DisplayName);

public sealed record EmailRecipients(IEnumerable<EmailAddress> To);

public sealed record EmailContent(string Subject)
{
    public string? PlainText { get; set; }

    public string? Html { get; set; }
}

public sealed record EmailAttachment(string Name, string ContentType, BinaryData Content);

public sealed record EmailMessage(string SenderAddress, EmailRecipients Recipients, EmailContent Content)
{
    public IList<EmailAttachment> Attachments { get; } = [];
}

public sealed class EmailClient(Uri? endpoint, TokenCredential credential, EmailClientOptions options)
{
    private readonly HttpPipeline pipeline = HttpPipelineBuilder.Build(options, new BearerTokenAuthenticationPolicy(credential, "https://communication.azure.com//.default"));

    public async Task<EmailSendOperation> SendAsync(WaitUntil wait, EmailMessage message, Guid operationId, CancellationToken cancellationToken)
    {
        Assert.Equal(WaitUntil.Started, wait);
        var body = new
        {
            senderAddress = message.SenderAddress,
            content = new { subject = message.Content.Subject, plainText = message.Content.PlainText, html = message.Content.Html },
            recipients = new { to = message.Recipients.To.Select(to => new { address = to.Address, displayName = to.DisplayName }) },
            attachments = message.Attachments.Select(file => new { name = file.Name, contentType = file.ContentType, contentInBase64 = Convert.ToBase64String(file.Content) }),
        };
        await SendAsync(RequestMethod.Post, "/emails:send", 202, cancellationToken, request =>
        {
            request.Headers.Add("Operation-Id", operationId.ToString());
            request.Headers.Add("Content-Type", "application/json");
            request.Content = RequestContent.Create(BinaryData.FromObjectAsJson(body));
        });
        return new EmailSendOperation(operationId.ToString(), this);
    }

    internal async Task<Response> SendAsync(RequestMethod method, string path, int success, CancellationToken cancellationToken, Action<Request>? configure = null)
    {
        var message = pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(endpoint!);
        message.Request.Uri.AppendPath(path, escape: false);
        message.Request.Uri.AppendQuery("api-version", "2025-09-01");
        message.Request.Headers.Add("Accept", "application/json");
        configure?.Invoke(message.Request);
        await pipeline.SendAsync(message, cancellationToken);
        var response = message.Response;
        return response.Status == success ? response : throw new RequestFailedException(response);
    }
}

public sealed class EmailSendOperation(string id, EmailClient client)
{
    /// <exception cref="RequestFailedException">The request or the operation failed.</exception>
    public async ValueTask<Response> UpdateStatusAsync(CancellationToken cancellationToken)
    {
        var response = await client.SendAsync(RequestMethod.Get, $"/emails/operations/{id}", 200, cancellationToken);
        var status = response.Content.ToObjectFromJson<JsonElement>().GetProperty("status").GetString();
        return status is "Failed" or "Canceled" ? throw new RequestFailedException(response) : response;
    }
}
