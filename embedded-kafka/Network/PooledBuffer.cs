using System.Buffers;

namespace Kappa.Iot.Embedded.Network;

/// <summary>A buffer from the pool. What is larger than <see cref="Free"/> is paid for out of the budget that all connections share.</summary>
internal sealed class PooledBuffer(MemoryBudget? budget) : IDisposable
{
    /// <summary>Bytes that every connection may keep.</summary>
    public const int Free = 64 * 1024;

    private const int Initial = 4 * 1024;

    private byte[] _array = ArrayPool<byte>.Shared.Rent(Initial);
    private long _paid;

    public byte[] Array => _array;

    public int Size => _array.Length;

    /// <summary>Replaces the buffer by one of at least <paramref name="size"/> bytes, and moves some of its content to the new one's start.</summary>
    /// <exception cref="Protocol.MemoryBudgetException">The budget does not allow it.</exception>
    public void Grow(int size, int contentStart, int contentLength)
    {
        var price = PriceOf(size) - _paid;
        if (price > 0)
            budget?.Take(price);
        Replace(size, price, contentStart, contentLength);
    }

    /// <summary>As <see cref="Grow"/>, but waits until the budget allows it.</summary>
    public async ValueTask GrowAsync(int size, int contentStart, int contentLength, CancellationToken cancel)
    {
        var price = PriceOf(size) - _paid;
        if (price > 0 && budget is not null)
            await budget.TakeAsync(price, cancel);
        Replace(size, price, contentStart, contentLength);
    }

    /// <summary>Gives a large buffer back, and its content with it.</summary>
    public void Shrink()
    {
        if (_array.Length <= Free)
            return;

        ArrayPool<byte>.Shared.Return(_array);
        _array = ArrayPool<byte>.Shared.Rent(Free);
        budget?.Return(_paid);
        _paid = 0;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        budget?.Return(_paid);
        _paid = 0;
    }

    /// <summary>The pool hands out powers of two.</summary>
    private static long PriceOf(int size) => size <= Free ? 0 : (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size);

    private void Replace(int size, long price, int contentStart, int contentLength)
    {
        var larger = ArrayPool<byte>.Shared.Rent(size);
        _array.AsSpan(contentStart, contentLength).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
        _paid += Math.Max(0, price);
    }
}
