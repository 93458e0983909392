namespace Kappa.Iot.Embedded.Log;

/// <summary>Small files that are either the old or the new version, whatever happens in between.</summary>
internal static class AtomicFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        using (var file = FileChanges.Create(temporary, FileMode.Create))
        {
            FileChanges.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }

        FileChanges.Move(temporary, path);
    }
}
