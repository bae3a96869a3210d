using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Credentialing.Tests.DevHosting;

namespace Credentialing.Tests.Support;

/// <summary>A certificate of 127.0.0.1, of a test's own, that nobody trusts.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly TemporaryFolder folder = new();

    internal TestCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        Certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        (File, KeyFile) = (Path.Combine(folder.Path, "certificate.pem"), Path.Combine(folder.Path, "key.pem"));
        System.IO.File.WriteAllText(File, Certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    internal X509Certificate2 Certificate { get; }

    /// <summary>A file with the certificate, as PEM.</summary>
    internal string File { get; }

    /// <summary>A file with its private key, as PEM.</summary>
    internal string KeyFile { get; }

    public void Dispose()
    {
        Certificate.Dispose();
        folder.Dispose();
    }
}
