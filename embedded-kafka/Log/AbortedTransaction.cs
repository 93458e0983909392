namespace Kappa.Iot.Embedded.Log;

/// <summary>A transaction that was rolled back: readers with read_committed skip its records.</summary>
/// <param name="FirstOffset">Its first record in this partition.</param>
/// <param name="LastOffset">Its abort marker.</param>
/// <param name="StableOffset">The last stable offset after the marker: no later entry begins before it.</param>
internal readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long LastOffset, long StableOffset);
