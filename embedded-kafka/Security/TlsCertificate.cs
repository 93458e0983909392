using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kappa.Iot.Embedded.Security;

/// <summary>Loads the server's certificate with its key and what it was signed by.</summary>
internal static class TlsCertificate
{
    /// <returns>Null where no certificate is configured.</returns>
    /// <exception cref="InvalidDataException">The file is neither PEM nor PKCS#12, has no key, or the password is wrong.</exception>
    public static SslServerAuthenticationOptions? Load(EmbeddedKafkaOptions options)
    {
        if (options.TlsCertificate is not { } path)
            return null;

        try
        {
            var chain = new X509Certificate2Collection();
            X509Certificate2 certificate;
            if (File.ReadAllBytes(path).AsSpan().IndexOf("-----BEGIN "u8) >= 0)
            {
                chain.ImportFromPemFile(path);
                using var pem = options.TlsPassword is { } password
                    ? X509Certificate2.CreateFromEncryptedPemFile(path, password, options.TlsKey)
                    : X509Certificate2.CreateFromPemFile(path, options.TlsKey);
                // Not every platform's TLS can use a key that was never in a key store: this way it can.
                certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            }
            else
            {
                chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, options.TlsPassword);
                certificate = chain.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException("it holds no private key");
            }

            return new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true) };
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"The certificate {path} cannot be used: {e.Message}. It has to be PEM (with tlsKey, if the key is in another file) or PKCS#12.", e);
        }
    }
}
