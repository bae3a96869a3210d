using System.Globalization;
using System.Text;
using Credentialing.Core.Credentials;

namespace Credentialing.DevHost;

/// <summary>The message that DevHost prints when it is ready: addresses, users to sign in as, and three commands to paste.</summary>
internal static class Welcome
{
    internal static async Task<string> ComposeAsync(
        string address, Azurite azurite, Maildev maildev, string dataFolder, CredentialService credentials, TimeProvider clock)
    {
        var text = new StringBuilder();
        Line($"");
        Line($"Credentialing is ready at {address}/{FunctionEndpoints.RoutePrefix}");
        Line($"");
        Line($"  screens    {address}/   (MyTOMS Home, and SIS Vendor Credentialing)");
        Line($"  functions  {address}/{FunctionEndpoints.RoutePrefix}   (try /health/ready)");
        Line($"  the API    {address}{DevEndpoints.DescriptionPath}   (requests and responses)");
        Line($"  storage    Azurite: tables {azurite.TableAddress}, blobs {azurite.BlobAddress}");
        Line($"  mail       maildev: inbox {maildev.InboxAddress}, SMTP {maildev.SmtpAddress}");
        Line($"  MyTOMS     {address}{DevMyToms.Path}   (the announcements of all LEAs)");
        Line($"  daily run  at 14:00 UTC   (POST /admin/functions/SendExpiryReminders runs it now)");
        Line($"  overview   checked at 15:00 UTC   (POST /admin/functions/CheckOverview checks it now)");
        Line($"  secrets    rotated at 13:00 UTC if they are 180 days old   (POST /admin/functions/RotateSecrets checks it now)");
        Line($"  backup     at 16:00 UTC   (POST /admin/functions/BackUp backs up now)");
        Line($"  data       {dataFolder}   (--reset deletes it)");
        Line($"  clock      {clock.GetUtcNow().UtcDateTime:u}   (POST /dev/clock with days=N advances it)");
        Line($"");
        Line($"The LEAs and their coordinators. Sign in at the screens, or with POST /dev/sign-in and persona=NAME, which returns an access token:");
        foreach (var lea in World.Leas)
        {
            var status = await credentials.StatusAsync(lea.Id, CancellationToken.None);
            var personas = string.Join(", ", World.Personas.Where(persona => persona.Leas.Contains(lea.Id)).Select(persona => persona.Id));
            Line($"  {lea.Id}  {lea.Name,-55}  {State(status),-18}  {personas}");
        }

        Line($"  To sign in as TOMS, use the persona toms.");
        Line($"");

        var sample = World.Leas[0];
        var report = $"{FunctionEndpoints.RoutePrefix}/v1/students/{sample.Students[0].Ssid}/score-reports/2026-ssr-en.pdf";
        var current = (await credentials.StatusAsync(sample.Id, CancellationToken.None)).Credential;
        var precondition = current is null ? "If-None-Match: *" : $"If-Match: \"{current.Generation}\"";
        Line($"These commands sign in as a coordinator of {sample.Name}, generate its credentials and download a report with them.");
        Line($"They work once. After a restart, DevHost prints the commands for a regeneration:");
        Line($"");
        Line($"COORDINATOR=$(curl -s {address}/dev/sign-in -d persona=rosa)");
        Line($"KEY=$(curl -s {address}/{FunctionEndpoints.RoutePrefix}/leas/{sample.Id}/credentials -H \"Authorization: Bearer $COORDINATOR\" -H '{precondition}' -H 'Content-Type: application/json' -d '{{\"authorized\":true,\"wordingVersion\":\"{ReleaseWording.Current.Version}\"}}' | grep -o 'tsk_[0-9A-Z]*')");
        Line($"curl -sS --fail-with-body -u \"{new Username(sample.Id)}:$KEY\" -o report.pdf {address}/{report}");
        Line($"");
        Line($"Ctrl-C stops everything.");
        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static string State(CredentialStatus status) => status.State switch
    {
        CredentialState.None => "none yet",
        CredentialState.Expired => "expired",
        _ => string.Create(CultureInfo.InvariantCulture, $"{status.DaysRemaining} days left"),
    };
}
