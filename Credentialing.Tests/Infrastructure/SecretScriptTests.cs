using Credentialing.Core.Secrets;

namespace Credentialing.Tests.Infrastructure;

/// <summary>The scripts that create the secrets, with a fake <c>az</c> that records its arguments and input.</summary>
public sealed class SecretScriptTests : IDisposable
{
    private const string Vault = "cred-dev-abc123";
    private const string NewVersion = "https://cred-dev-abc123.vault.azure.net/secrets/credential-pepper/0123";

    private readonly Shell shell = new();

    public SecretScriptTests() => shell.Has("az", $"""
        case "$*" in
          *"secret list "*) cat names; exit "$(cat list-exit)" ;;
          *"secret set "*) echo "$*" >>calls; cat "$(sed -E 's/.* --file ([^ ]+).*/\1/' <<<"$*")" >>material; echo >>material; echo "{NewVersion}" ;;
          *) echo "unexpected: $*" >>calls; exit 1 ;;
        esac
        """);

    public void Dispose() => shell.Dispose();

    [Theory]
    [InlineData(SecretRing.CredentialPepper)]
    [InlineData(SecretRing.VendorTokenKey)]
    public async Task A_new_version_is_what_the_app_reads(string name)
    {
        var finished = await shell.RunAsync("new-secret-version.sh", Vault, name);
        Assert.Equal(0, finished.ExitCode);
        var material = shell.Read("material").TrimEnd('\n');
        Assert.Equal(32, SecretVersion.FromBase64(name, "1", material).Value.Length);
        Assert.Equal($"keyvault secret set --vault-name {Vault} --name {name} --file /dev/stdin --encoding utf-8 --query id --output tsv\n", shell.Read("calls"));
        Assert.Contains(NewVersion, finished.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_material_is_neither_on_a_command_line_nor_printed_nor_left_on_disk()
    {
        var finished = await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.CredentialPepper);
        var material = shell.Read("material").TrimEnd('\n');
        Assert.Equal(44, material.Length);
        Assert.DoesNotContain(material, finished.Output + finished.Errors + shell.Read("calls"), StringComparison.Ordinal);
        Assert.Equal(["az", "calls", "material"], Directory.EnumerateFileSystemEntries(shell.Folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Every_version_is_another()
    {
        await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.VendorTokenKey);
        await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.VendorTokenKey);
        Assert.Equal(2, shell.Read("material").Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count());
    }

    [Theory]
    [InlineData]
    [InlineData(Vault)]
    [InlineData(Vault, "pepper")]
    [InlineData(Vault, "credential-pepper", "more")]
    [InlineData("", "credential-pepper")]
    [InlineData("no_vault", "credential-pepper")]
    [InlineData("--help", "credential-pepper")]
    [InlineData("https://cred-dev-abc123.vault.azure.net", "credential-pepper")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_done(params string[] arguments)
    {
        var finished = await shell.RunAsync("new-secret-version.sh", arguments);
        Assert.Equal(2, finished.ExitCode);
        Assert.Matches("Usage|is no name of a vault|is none of the app's secrets", finished.Errors);
        Assert.Equal("", finished.Output + shell.Read("calls"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("dG9vIHNob3J0")]
    public async Task Bad_material_is_not_sent(string material)
    {
        shell.Has("openssl", $"echo '{material}'");
        var finished = await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.CredentialPepper);
        Assert.Equal(2, finished.ExitCode);
        Assert.Equal("", shell.Read("calls"));
    }

    [Fact]
    public async Task A_vault_that_refuses_is_no_success()
    {
        shell.Has("az", "cat >/dev/null; echo 'Forbidden' >&2; exit 3");
        var finished = await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.CredentialPepper);
        Assert.NotEqual(0, finished.ExitCode);
        Assert.DoesNotContain("Made", finished.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "credential-pepper vendor-token-key")]
    [InlineData("credential-pepper", "vendor-token-key")]
    [InlineData("old-credential-pepper\nvendor-token-key", "credential-pepper")]
    [InlineData("credential-pepper\nvendor-token-key", "")]
    public async Task Only_what_is_missing_is_made(string there, string made)
    {
        Listing(there);
        var finished = await shell.RunAsync("make-missing-secrets.sh", Vault);
        Assert.Equal(0, finished.ExitCode);
        var names = shell.Read("calls").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(call => call.Split("--name ")[1].Split(' ')[0]);
        Assert.Equal(made, string.Join(' ', names));
    }

    [Fact]
    public async Task A_vault_that_cannot_be_read_is_asked_for_five_minutes_and_then_left_alone()
    {
        Listing("", exit: 1);
        shell.Has("sleep", "echo \"$1\" >>slept");
        var finished = await shell.RunAsync("make-missing-secrets.sh", Vault);
        Assert.Equal(1, finished.ExitCode);
        Assert.Equal(300, shell.Read("slept").Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(int.Parse));
        Assert.Equal("", shell.Read("calls"));
    }

    [Fact]
    public async Task A_right_that_was_granted_just_now_is_waited_for()
    {
        Listing("", exit: 1);
        shell.Has("sleep", "echo 0 >list-exit");
        var finished = await shell.RunAsync("make-missing-secrets.sh", Vault);
        Assert.Equal(0, finished.ExitCode);
        Assert.Equal(2, shell.Read("calls").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private void Listing(string names, int exit = 0)
    {
        File.WriteAllText(Path.Combine(shell.Folder, "names"), names);
        File.WriteAllText(Path.Combine(shell.Folder, "list-exit"), exit == 0 ? "0" : "1");
    }
}
