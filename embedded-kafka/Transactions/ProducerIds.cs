using System.Globalization;
using System.Text;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Transactions;

/// <summary>Hands out producer ids, never one twice: a block of them is reserved on disk before the first is used.</summary>
internal sealed class ProducerIds
{
    private const long BlockSize = 1000;

    private readonly Lock _lock = new();
    private readonly string _path;
    private long _next;
    private long _reserved;

    public ProducerIds(string dataDirectory)
    {
        _path = Path.Combine(dataDirectory, "producer-ids");
        if (!File.Exists(_path))
            return;
        if (!long.TryParse(File.ReadAllText(_path), NumberStyles.None, CultureInfo.InvariantCulture, out _next))
            throw new InvalidDataException($"{_path} should hold one whole number.");
        _reserved = _next;
    }

    public long Next()
    {
        lock (_lock)
        {
            if (_next == _reserved)
            {
                AtomicFile.Write(_path, Encoding.ASCII.GetBytes((_reserved + BlockSize).ToString(CultureInfo.InvariantCulture)));
                _reserved += BlockSize;
            }

            return _next++;
        }
    }
}
