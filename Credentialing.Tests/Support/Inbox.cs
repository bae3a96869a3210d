using System.Net.Http.Json;
using System.Text.Json;
using MimeKit;

namespace Credentialing.Tests.Support;

/// <summary>The inbox of a maildev.</summary>
internal sealed class Inbox(Uri address) : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient client = new() { BaseAddress = address };

    /// <summary>All mails, in no particular order.</summary>
    internal async Task<IReadOnlyList<ReceivedMail>> ReadAsync() => await Task.WhenAll((await ListAsync()).Select(async mail =>
    {
        var id = mail.GetProperty("id").GetString();
        await using var source = await client.GetStreamAsync(new Uri($"email/{id}/source", UriKind.Relative), TestContext.Current.CancellationToken);
        return new ReceivedMail(
            await MimeMessage.LoadAsync(source, TestContext.Current.CancellationToken),
            [.. mail.GetProperty("envelope").GetProperty("to").EnumerateArray().Select(to => to.GetProperty("address").GetString()!)]);
    }));

    /// <summary>Waits for a mail with such a subject, as a reader does.</summary>
    internal async Task<ReceivedMail> ArrivedAsync(Predicate<string> subject)
    {
        while (true)
        {
            if ((await ReadAsync()).SingleOrDefault(mail => subject(mail.Message.Subject!)) is { } arrived)
                return arrived;
            await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The subjects of all mails, in no particular order; empty where there is none.</summary>
    internal async Task<string[]> SubjectsAsync() =>
        [.. (await ListAsync()).Select(mail => mail.TryGetProperty("subject", out var subject) ? subject.GetString()! : "")];

    public void Dispose() => client.Dispose();

    private async Task<JsonElement[]> ListAsync() =>
        (await client.GetFromJsonAsync<JsonElement[]>("email", TestContext.Current.CancellationToken))!;
}

/// <summary>A mail that arrived.</summary>
/// <param name="Message">What its recipients see.</param>
/// <param name="Recipients">Whom it was sent to, the addresses of RCPT TO; maildev forgets them when it restarts.</param>
internal sealed record ReceivedMail(MimeMessage Message, IReadOnlyList<string> Recipients);
