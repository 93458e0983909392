namespace Kappa.Iot.AlertApi.Changes;

/// <summary>
/// The last minutes of something, vehicle by vehicle, within one budget for all of them. Where the budget does not do, the oldest arrivals of
/// the whole fleet go first.
/// </summary>
/// <param name="window">How far before its vehicle's newest item an item may lie, in event time.</param>
/// <param name="budget">Sum of the sizes of what is kept.</param>
public sealed class RecentByVehicle<T>(TimeSpan window, long budget)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<LinkedListNode<Item>>> _byVehicle = new(StringComparer.Ordinal);
    private readonly LinkedList<Item> _byArrival = [];
    private readonly long _windowMs = (long)window.TotalMilliseconds;
    private long _arrivals;
    private long _size;

    /// <summary>Sum of the sizes of what is kept now.</summary>
    public long Size
    {
        get { lock (_gate) return _size; }
    }

    public void Add(string vin, long timeMs, T value, int size)
    {
        lock (_gate)
        {
            if (!_byVehicle.TryGetValue(vin, out var queue)) _byVehicle[vin] = queue = new();
            while (queue.TryPeek(out var head) && head.Value.TimeMs < timeMs - _windowMs) Drop(queue);

            queue.Enqueue(_byArrival.AddLast(new Item(vin, ++_arrivals, timeMs, value, size)));
            _size += size;
            while (_size > budget && _byArrival.First is { } oldest) DropOldestOf(oldest.Value.Vin);
        }
    }

    /// <summary>A vehicle's items that arrived after a cursor (0: all that are kept), in order of arrival, and the cursor to go on from.</summary>
    public Changes<T> Since(string vin, long cursor)
    {
        lock (_gate)
        {
            if (!_byVehicle.TryGetValue(vin, out var queue)) return new([], cursor);
            var values = new List<T>();
            foreach (var node in queue)
            {
                if (node.Value.Arrival <= cursor) continue;
                values.Add(node.Value.Value);
                cursor = node.Value.Arrival;
            }

            return new(values, cursor);
        }
    }

    private void DropOldestOf(string vin)
    {
        var queue = _byVehicle[vin];
        Drop(queue);
        if (queue.Count == 0) _byVehicle.Remove(vin);
    }

    private void Drop(Queue<LinkedListNode<Item>> queue)
    {
        var node = queue.Dequeue();
        _byArrival.Remove(node);
        _size -= node.Value.Size;
    }

    private readonly record struct Item(string Vin, long Arrival, long TimeMs, T Value, int Size);
}
