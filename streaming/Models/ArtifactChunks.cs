using System.Security.Cryptography;
using System.Text;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Streaming.Models;

/// <summary>A model's bytes, cut into records of <c>ml.model-artifacts</c> and put together again.</summary>
internal static class ArtifactChunks
{
    /// <summary>Stays well under a broker's usual limit of 1 MiB a message.</summary>
    public const int ChunkBytes = 512 * 1024;

    public static Artifact Describe(ReadOnlySpan<byte> artifact) => new()
    {
        Chunks = (uint)((artifact.Length + ChunkBytes - 1) / ChunkBytes),
        SizeBytes = (ulong)artifact.Length,
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(artifact)),
    };

    public static byte[] Key(string modelId, int chunk) => Encoding.UTF8.GetBytes($"{modelId}/{chunk}");

    public static ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> artifact, int chunk) =>
        artifact.Slice(chunk * ChunkBytes, Math.Min(ChunkBytes, artifact.Length - chunk * ChunkBytes));

    /// <summary>The whole of it, checked.</summary>
    /// <exception cref="ModelRegistryException">A chunk is missing, or the bytes are not those that were published.</exception>
    public static byte[] Join(ModelVersion version, IReadOnlyDictionary<string, byte[]> chunks)
    {
        var whole = new MemoryStream();
        for (var chunk = 0; chunk < version.Artifact.Chunks; chunk++)
        {
            if (!chunks.TryGetValue($"{version.ModelId}/{chunk}", out var bytes))
                throw new ModelRegistryException($"The artifact of model '{version.ModelId}' is not complete: chunk {chunk} of {version.Artifact.Chunks} is not in {TopicCatalogue.ModelArtifacts.Name}. Train the model again.");
            whole.Write(bytes);
        }
        var artifact = whole.ToArray();
        var found = Describe(artifact);
        if (found.SizeBytes != version.Artifact.SizeBytes || found.Sha256 != version.Artifact.Sha256)
            throw new ModelRegistryException($"The artifact of model '{version.ModelId}' is damaged: {found.SizeBytes} bytes with SHA-256 {found.Sha256}, published were {version.Artifact.SizeBytes} with {version.Artifact.Sha256}. Train the model again.");
        return artifact;
    }
}
