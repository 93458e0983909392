namespace Kappa.Iot.Streaming;

/// <summary>
/// Finds the record at which a partition's processor fails: what failed is halved until it is one record, and one that fails so many times in
/// a row is put aside. What is passed meanwhile leaves fewer that may be it; once none is left, all that is there is handed over again.
/// Counts only, from the first record that is not committed.
/// </summary>
/// <param name="tries">Failures in a row, of one record alone, after which it is put aside.</param>
/// <param name="mostInARow">Records put aside without one processed in between, after which none is put aside any more until one was.</param>
internal sealed class PoisonSearch(int tries, int mostInARow)
{
    private int _suspects;
    private int _failures;
    private int _inARow;

    /// <summary>Whether it searches.</summary>
    public bool IsOn => _suspects > 0;

    /// <summary>How many records the next attempt is given at most.</summary>
    public int Size => IsOn ? (_suspects + 1) / 2 : int.MaxValue;

    /// <summary>The next attempt puts the first record aside.</summary>
    public bool PutsAside { get; private set; }

    /// <summary>One record has been found, and fails alone.</summary>
    public bool IsFound => _failures > 0;

    /// <summary>The one that is found would be put aside, if it were not for all those before it.</summary>
    public bool HoldsBack => !PutsAside && _failures >= tries;

    /// <summary>The processor failed at one of the records that it was given, or at none.</summary>
    public void Fail(int records)
    {
        _suspects = records;
        if (records != 1) return;
        _failures++;
        PutsAside = _failures >= tries && _inARow < mostInARow;
    }

    /// <summary>The attempt came to nothing for another reason: what failed before that has not failed in a row. What is decided stays so.</summary>
    public void Interrupt()
    {
        if (!PutsAside) _failures = 0;
    }

    /// <summary>What the attempt was given is committed.</summary>
    public void Pass(int records)
    {
        if (records == 0) return;
        _inARow = PutsAside ? _inARow + 1 : 0;
        _suspects = Math.Max(0, _suspects - records);
        _failures = 0;
        PutsAside = false;
    }
}
