using System.Buffers.Text;
using System.Text;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded;

/// <summary>The name of a data folder's cluster: made once, 22 characters of base64 as Kafka has it.</summary>
internal static class ClusterId
{
    public static string LoadOrCreate(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, "cluster-id");
        if (!File.Exists(path))
            AtomicFile.Write(path, Encoding.ASCII.GetBytes(Base64Url.EncodeToString(Guid.NewGuid().ToByteArray())));
        return File.ReadAllText(path).Trim();
    }
}
