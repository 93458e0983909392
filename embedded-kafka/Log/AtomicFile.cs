namespace Kappa.Iot.Embedded.Log;

/// <summary>Small files that are either the old or the new version, whatever happens in between.</summary>
internal static class AtomicFile
{
    /// <param name="durable">Whether it has to be there after a loss of power; what can be made anew need not.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool durable = true)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var file = FileChanges.Create(temporary, FileMode.Create))
            {
                FileChanges.Write(file, content, 0);
                if (durable)
                    RandomAccess.FlushToDisk(file);
            }

            FileChanges.Move(temporary, path);
        }
        catch (IOException)
        {
            // On a full disk, half a file would be in the way of better ones.
            File.Delete(temporary);
            throw;
        }

        if (durable)
            FileChanges.FlushDirectory(Path.GetDirectoryName(path)!);
    }
}
