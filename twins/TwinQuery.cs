namespace Kappa.Iot.Twins;

/// <summary>Which twins to list. They come in the order of their VINs (ordinal); to page, give the last VIN of a page as <see cref="After"/>.</summary>
public sealed record TwinQuery
{
    public const int MaxLimit = 10_000;

    /// <summary>Only VINs after this one.</summary>
    public string? After { get; init; }

    /// <summary>At most this many, 1 to <see cref="MaxLimit"/>.</summary>
    public int Limit { get; init; } = 100;

    public string? Profile { get; init; }

    /// <summary>False also finds vehicles that never connected as far as the log knows.</summary>
    public bool? Online { get; init; }

    /// <summary>With (true) or without (false) an open alert.</summary>
    public bool? HasOpenAlerts { get; init; }

    /// <summary>Only vehicles whose last position is in this box.</summary>
    public GeoBox? Within { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">The limit is out of its range.</exception>
    internal TwinQuery Checked()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Limit, MaxLimit);
        return this;
    }
}
