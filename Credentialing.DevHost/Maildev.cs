using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Credentialing.DevHost;

/// <summary>What maildev asks of whoever sends it mail. It cannot do STARTTLS.</summary>
/// <param name="Username">Whom to authenticate as; null if nobody needs to.</param>
/// <param name="Password">The password that goes with it.</param>
/// <param name="CertificateFile">For TLS from the first byte, the file of its certificate, as PEM; null for none.</param>
/// <param name="KeyFile">The file of the certificate's private key, as PEM.</param>
public sealed record MaildevDemands(string? Username = null, string? Password = null, string? CertificateFile = null, string? KeyFile = null);

/// <summary>
/// A local SMTP server, on free ports, that lives no longer than this process. It delivers nothing: every mail that it accepts
/// is in its inbox from then on.
/// </summary>
public sealed partial class Maildev : IAsyncDisposable
{
    private const string Emulator = "maildev";

    private readonly NodeProcess process;

    private Maildev(NodeProcess process, IPEndPoint smtpAddress, Uri inboxAddress)
    {
        this.process = process;
        SmtpAddress = smtpAddress;
        InboxAddress = inboxAddress;
    }

    /// <summary>Starts one.</summary>
    /// <param name="mailFolder">
    /// Where its mails are, or are to be; null to forget them at the end. An earlier, killed run may still be writing there: see
    /// <see cref="AwaitPredecessorAsync"/>.
    /// </param>
    /// <param name="demands">What it asks of senders.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevHostException">It could not be started; the message says what to do.</exception>
    public static async Task<Maildev> StartAsync(string? mailFolder, MaildevDemands demands, CancellationToken cancellationToken)
    {
        var configuration = new
        {
            // In a folder of their own: maildev deletes all that is beside them when somebody empties the inbox.
            mailDirectory = mailFolder is null ? null : Path.Combine(mailFolder, "inbox"),
            incomingUser = demands.Username,
            incomingPass = demands.Password,
            incomingSecure = demands.CertificateFile is not null,
            incomingCert = demands.CertificateFile,
            incomingKey = demands.KeyFile,
        };
        var match = Match.Empty;
        var process = await NodeProcess.StartAsync(
            Emulator,
            mailFolder,
            [JsonSerializer.Serialize(configuration)],
            new Dictionary<string, string>(),
            line => (match = Listening().Match(line)).Success,
            cancellationToken);
        return new Maildev(process, IPEndPoint.Parse(match.Groups["smtp"].Value), new Uri(match.Groups["inbox"].Value));
    }

    /// <summary>Where it takes mail, by SMTP.</summary>
    public IPEndPoint SmtpAddress { get; }

    /// <summary>Where its inbox is: a page for people, and below it, at <c>email</c>, the mails as JSON.</summary>
    public Uri InboxAddress { get; }

    /// <summary>Ends it. A mail that it accepted is on disk already.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    /// <summary>Waits for the maildev of an earlier, killed run to have ended.</summary>
    /// <exception cref="DevHostException">It does not end.</exception>
    internal static Task AwaitPredecessorAsync(string mailFolder, CancellationToken cancellationToken) =>
        NodeProcess.AwaitPredecessorAsync(Emulator, mailFolder, cancellationToken);

    [GeneratedRegex("maildev listens at (?<smtp>[0-9.:]+) and shows its inbox at (?<inbox>http://[0-9.:]+)")]
    private static partial Regex Listening();
}
