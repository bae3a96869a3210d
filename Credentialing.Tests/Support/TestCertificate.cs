using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Credentialing.Tests.DevHosting;

namespace Credentialing.Tests.Support;

/// <summary>A self-signed certificate for 127.0.0.1 and *.vault.azure.net. Only clients that a test configures trust it.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly TemporaryFolder folder = new();

    internal TestCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("*.vault.azure.net");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var created = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // Windows cannot serve TLS with an ephemeral key: reload it from PKCS #12.
        Certificate = X509CertificateLoader.LoadPkcs12(created.Export(X509ContentType.Pkcs12), password: null);
        (File, KeyFile) = (Path.Combine(folder.Path, "certificate.pem"), Path.Combine(folder.Path, "key.pem"));
        System.IO.File.WriteAllText(File, Certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    internal X509Certificate2 Certificate { get; }

    /// <summary>Path of the certificate as a PEM file.</summary>
    internal string File { get; }

    /// <summary>Path of the private key as a PEM file.</summary>
    internal string KeyFile { get; }

    public void Dispose()
    {
        Certificate.Dispose();
        folder.Dispose();
    }
}
