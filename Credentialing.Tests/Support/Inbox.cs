using System.Net.Http.Json;
using System.Text.Json;
using MimeKit;

namespace Credentialing.Tests.Support;

/// <summary>The inbox of a maildev instance.</summary>
internal sealed class Inbox(Uri address) : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient client = new() { BaseAddress = address };

    /// <summary>Returns all emails, in no particular order.</summary>
    internal async Task<IReadOnlyList<ReceivedMail>> ReadAsync() => await Task.WhenAll((await ListAsync()).Select(async mail =>
    {
        var id = mail.GetProperty("id").GetString();
        await using var source = await client.GetStreamAsync(new Uri($"email/{id}/source", UriKind.Relative), TestContext.Current.CancellationToken);
        return new ReceivedMail(
            await MimeMessage.LoadAsync(source, TestContext.Current.CancellationToken),
            [.. mail.GetProperty("envelope").GetProperty("to").EnumerateArray().Select(to => to.GetProperty("address").GetString()!)]);
    }));

    /// <summary>Polls until an email with this subject arrives.</summary>
    internal async Task<ReceivedMail> WaitForAsync(Predicate<string> subject)
    {
        while (true)
        {
            if ((await ReadAsync()).SingleOrDefault(mail => subject(mail.Message.Subject!)) is { } arrived)
                return arrived;
            await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Returns the subjects of all emails, in no particular order; an empty string for an email without a subject.</summary>
    internal async Task<string[]> SubjectsAsync() =>
        [.. (await ListAsync()).Select(mail => mail.TryGetProperty("subject", out var subject) ? subject.GetString()! : "")];

    public void Dispose() => client.Dispose();

    private async Task<JsonElement[]> ListAsync() =>
        (await client.GetFromJsonAsync<JsonElement[]>("email", TestContext.Current.CancellationToken))!;
}

/// <summary>A received email.</summary>
/// <param name="Message">The message as its recipients see it.</param>
/// <param name="Recipients">The envelope recipients (RCPT TO). maildev does not keep them over a restart.</param>
internal sealed record ReceivedMail(MimeMessage Message, IReadOnlyList<string> Recipients);
