using System.Globalization;
using System.Security.Cryptography;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core.Backups;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Tests.Announcements;
using Credentialing.Tests.Mail;
using Credentialing.Tests.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Published;

/// <summary>
/// The external services of the published app: storage, vault, managed identity, mail and TOMS. Each is a test server on 127.0.0.1.
/// The TLS servers use one certificate, the only one that the app trusts.
/// </summary>
internal sealed class ExternalServices : IAsyncDisposable
{
    private const string Account = "published";
    private const string BackupAccount = "publishedbackups";

    private readonly TestCertificate certificate = new();
    private readonly HttpClientHandler trustingHandler;
    private KeyVaultServer vault = null!;
    private IdentityEndpoint identity = null!;

    private ExternalServices() => trustingHandler = new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = (_, shown, _, _) => certificate.Certificate.Equals(shown),
    };

    /// <summary>Azurite, which accepts access tokens.</summary>
    internal Azurite Azurite { get; private set; } = null!;

    /// <summary>Direct access to the storage, for the tests.</summary>
    internal CredentialingStorage Storage { get; private set; } = null!;

    /// <summary>Direct access to the backups, for the tests.</summary>
    internal BackupStore Backups { get; private set; } = null!;

    internal TomsIdentityProvider Toms { get; private set; } = null!;

    internal MyTomsServer MyToms { get; private set; } = null!;

    internal ScriptedSmtpServer Smtp { get; private set; } = null!;

    /// <summary>The app settings and the environment variables that the platform sets.</summary>
    internal IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["ReminderSchedule"] = "0 0 14 * * *",
        ["OverviewSchedule"] = "0 0 15 * * *",
        ["BackupSchedule"] = "0 0 16 * * *",
        ["Credentialing__Azure__TableEndpoint"] = new Uri(Azurite.TableAddress, Account).ToString(),
        ["Credentialing__Azure__BlobEndpoint"] = new Uri(Azurite.BlobAddress, Account).ToString(),
        ["Credentialing__Azure__BackupEndpoint"] = new Uri(Azurite.BlobAddress, BackupAccount).ToString(),
        ["Credentialing__Azure__VaultUri"] = vault.Address.ToString(),
        ["Credentialing__Mail__From"] = "noreply@toms.example",
        ["Credentialing__Mail__Smtp__Host"] = "127.0.0.1",
        ["Credentialing__Mail__Smtp__Port"] = Smtp.Port.ToString(CultureInfo.InvariantCulture),
        ["Credentialing__MyToms__BaseUrl"] = MyToms.BaseUrl.ToString(),
        ["Credentialing__MyToms__Scope"] = "api://mytoms/.default",
        ["Credentialing__ScreenUrl"] = "https://toms.example/credentialing/",
        ["Credentialing__VendorBaseUrl"] = "https://toms.example/api/v1",
        ["Credentialing__Toms__Authority"] = Toms.Authority.ToString(),
        ["Credentialing__Toms__Audience"] = DevSignIn.Audience,
        ["AZURE_CLIENT_ID"] = IdentityEndpoint.ClientId,
        ["IDENTITY_ENDPOINT"] = identity.Address.ToString(),
        ["IDENTITY_HEADER"] = identity.Secret,
        ["LANG"] = "de_DE.UTF-8", // the output must not depend on the locale
        ["SSL_CERT_FILE"] = certificate.File,
        ["HTTPS_PROXY"] = vault.Proxy.ToString(),
        ["NO_PROXY"] = "127.0.0.1",
    };

    internal static async Task<ExternalServices> StartAsync()
    {
        var services = new ExternalServices();
        services.Azurite = await Azurite.StartAsync(
            dataFolder: null, [Account, BackupAccount], TestContext.Current.CancellationToken, "--oauth", "basic", "--cert", services.certificate.File, "--key", services.certificate.KeyFile);
        services.Storage = new CredentialingStorage(
            services.Azurite.Tables(Account, services.Trust(new TableClientOptions())), services.Azurite.Blobs(Account, services.Trust(new BlobClientOptions())));
        await services.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);
        services.Backups = new BackupStore(services.Azurite.Blobs(BackupAccount, services.Trust(new BlobClientOptions())));
        await services.Backups.CreateMissingAsync(TestContext.Current.CancellationToken);
        services.vault = await KeyVaultServer.StartAsync(services.certificate);
        foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
            services.vault.Add(name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        services.identity = await IdentityEndpoint.StartAsync();
        services.Toms = await TomsIdentityProvider.StartAsync(services.certificate);
        services.MyToms = await MyTomsServer.StartAsync(services.certificate);
        services.Smtp = new ScriptedSmtpServer { Extensions = ["8BITMIME", "STARTTLS"], Certificate = services.certificate.Certificate };
        return services;
    }

    public async ValueTask DisposeAsync()
    {
        await Smtp.DisposeAsync();
        await MyToms.DisposeAsync();
        await Toms.DisposeAsync();
        await identity.DisposeAsync();
        await vault.DisposeAsync();
        await Azurite.DisposeAsync();
        trustingHandler.Dispose();
        certificate.Dispose();
    }

    private TOptions Trust<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.Transport = new HttpClientTransport(new HttpClient(trustingHandler, disposeHandler: false));
        return options;
    }
}
