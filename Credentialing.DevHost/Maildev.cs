using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Credentialing.DevHost;

/// <summary>Authentication and TLS that maildev requires of SMTP clients. It does not support STARTTLS.</summary>
/// <param name="Username">The username; null if authentication is not required.</param>
/// <param name="Password">The password of the user.</param>
/// <param name="CertificateFile">The certificate for implicit TLS: a PEM file; null for no TLS.</param>
/// <param name="KeyFile">The private key of the certificate: a PEM file.</param>
public sealed record MaildevSecurity(string? Username = null, string? Password = null, string? CertificateFile = null, string? KeyFile = null);

/// <summary>
/// A local SMTP server on free ports. It ends with this process. It delivers no email: every accepted email is stored in its inbox.
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

    /// <summary>Starts the server.</summary>
    /// <param name="mailFolder">
    /// The folder of the emails; null to delete them at the end. The server of an earlier, killed run may still be writing there:
    /// see <see cref="WaitForPreviousRunAsync"/>.
    /// </param>
    /// <param name="security">The requirements for SMTP clients.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="DevHostException">The server could not be started. The message says what to do.</exception>
    public static async Task<Maildev> StartAsync(string? mailFolder, MaildevSecurity security, CancellationToken cancellationToken)
    {
        var configuration = new
        {
            // A separate folder, because maildev deletes everything in it when the inbox is emptied.
            mailDirectory = mailFolder is null ? null : Path.Combine(mailFolder, "inbox"),
            incomingUser = security.Username,
            incomingPass = security.Password,
            incomingSecure = security.CertificateFile is not null,
            incomingCert = security.CertificateFile,
            incomingKey = security.KeyFile,
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

    /// <summary>The address of the SMTP server.</summary>
    public IPEndPoint SmtpAddress { get; }

    /// <summary>The URL of the inbox page. The emails are below it as JSON, at <c>email</c>.</summary>
    public Uri InboxAddress { get; }

    /// <summary>Stops the server. Accepted emails are already on disk.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    /// <summary>Waits until the maildev of an earlier, killed run has exited.</summary>
    /// <exception cref="DevHostException">It does not exit in time.</exception>
    internal static Task WaitForPreviousRunAsync(string mailFolder, CancellationToken cancellationToken) =>
        NodeProcess.WaitForPreviousRunAsync(Emulator, mailFolder, cancellationToken);

    [GeneratedRegex("maildev listens at (?<smtp>[0-9.:]+) and shows its inbox at (?<inbox>http://[0-9.:]+)")]
    private static partial Regex Listening();
}
