using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>The scripts that create the secrets, with a fake <c>az</c> that records its arguments and input.</summary>
[Kind(TestKind.Process)]
public sealed class SecretScriptTests : IDisposable
{
    private const string Vault = "cred-dev-abc123";
    private const string NewVersion = "https://cred-dev-abc123.vault.azure.net/secrets/credential-pepper/0123";

    private readonly Shell shell = new();

    public SecretScriptTests() => shell.AddProgram("az", $"""
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
    public async Task A_new_version_has_the_format_that_the_app_reads(string name)
    {
        var result = await shell.RunAsync("new-secret-version.sh", Vault, name);
        Assert.Equal(0, result.ExitCode);
        var material = shell.Read("material").TrimEnd('\n');
        Assert.Equal(32, SecretVersion.FromBase64(name, "1", material).Value.Length);
        Assert.Contains($"--vault-name {Vault} --name {name} ", shell.Read("calls"), StringComparison.Ordinal);
        Assert.Contains(NewVersion, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_secret_is_not_in_arguments_output_or_files()
    {
        var result = await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.CredentialPepper);
        var material = shell.Read("material").TrimEnd('\n');
        Assert.Equal(44, material.Length);
        Assert.DoesNotContain(material, result.Output + result.Errors + shell.Read("calls"), StringComparison.Ordinal);
        Assert.Equal(["az", "calls", "material"], Directory.EnumerateFileSystemEntries(shell.Folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Each_version_has_a_different_value()
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
    public async Task Invalid_arguments_are_rejected_before_any_request(params string[] arguments)
    {
        var result = await shell.RunAsync("new-secret-version.sh", arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Matches("Usage|is not a vault name|is not a secret of the app", result.Errors);
        Assert.Equal("", result.Output + shell.Read("calls"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("dG9vIHNob3J0")]
    public async Task An_invalid_random_value_is_not_sent(string material)
    {
        shell.AddProgram("openssl", $"echo '{material}'");
        var result = await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.CredentialPepper);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("", shell.Read("calls"));
    }

    [Fact]
    public async Task The_script_fails_if_the_vault_returns_an_error()
    {
        shell.AddProgram("az", "cat >/dev/null; echo 'Forbidden' >&2; exit 3");
        var result = await shell.RunAsync("new-secret-version.sh", Vault, SecretRing.CredentialPepper);
        Assert.NotEqual(0, result.ExitCode);
        Assert.DoesNotContain("Created", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "credential-pepper vendor-token-key")]
    [InlineData("credential-pepper", "vendor-token-key")]
    [InlineData("old-credential-pepper\nvendor-token-key", "credential-pepper")]
    [InlineData("credential-pepper\nvendor-token-key", "")]
    public async Task Only_missing_secrets_are_created(string existing, string created)
    {
        SetSecretNames(existing);
        var result = await shell.RunAsync("make-missing-secrets.sh", Vault);
        Assert.Equal(0, result.ExitCode);
        var names = shell.Read("calls").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(call => call.Split("--name ")[1].Split(' ')[0]);
        Assert.Equal(created, string.Join(' ', names));
    }

    [Fact]
    public async Task A_vault_that_cannot_be_read_is_retried_for_five_minutes_and_not_changed()
    {
        SetSecretNames("", exit: 1);
        shell.AddProgram("sleep", "echo \"$1\" >>slept");
        var result = await shell.RunAsync("make-missing-secrets.sh", Vault);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(300, shell.Read("slept").Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(int.Parse));
        Assert.Equal("", shell.Read("calls"));
    }

    [Fact]
    public async Task The_script_waits_until_a_new_role_assignment_is_effective()
    {
        SetSecretNames("", exit: 1);
        shell.AddProgram("sleep", "echo 0 >list-exit");
        var result = await shell.RunAsync("make-missing-secrets.sh", Vault);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(2, shell.Read("calls").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private void SetSecretNames(string names, int exit = 0)
    {
        File.WriteAllText(Path.Combine(shell.Folder, "names"), names);
        File.WriteAllText(Path.Combine(shell.Folder, "list-exit"), exit == 0 ? "0" : "1");
    }
}
