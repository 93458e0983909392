using Confluent.Kafka;

namespace Kappa.Iot.ScoringService;

/// <summary>Records of one partition that are folded together, and handed out in the log's order with what came of them. For one thread at a time.</summary>
internal sealed class RecordGroup(PartitionState state)
{
    /// <summary>Twice as many as a detector takes at once, as there may be two kinds of vehicles; more would not stay near the processor.</summary>
    private const int Size = 32;

    private readonly TelemetryDecoder _decoder = new();
    private readonly RecordTurn[] _turns = [.. Enumerable.Range(0, Size).Select(_ => new RecordTurn())];
    private int _count;

    /// <summary>Whether what is in it must be taken before anything is added.</summary>
    public bool IsFull => _count == Size;

    /// <summary>Reads the next record. Where it is a batch it is then given to <see cref="PartitionState.Add"/>.</summary>
    public RecordTurn Read(ConsumeResult<byte[], byte[]> record)
    {
        var turn = _turns[_count++];
        turn.Read(record, _decoder);
        return turn;
    }

    /// <summary>Everything that was read since the last time, folded; good until the next record is read.</summary>
    public ReadOnlySpan<RecordTurn> Take()
    {
        state.Run();
        var turns = _turns.AsSpan(0, _count);
        _count = 0;
        return turns;
    }
}
