namespace Kappa.Iot.Detection;

/// <summary>Finds where values begin to come from another distribution than the last ones.</summary>
public sealed class ChangePointDetector
{
    private readonly KernelDensity _density;
    private readonly Queue<double> _bets;
    private readonly Martingale _martingale;
    private readonly double _epsilon;
    private readonly double _threshold;
    private readonly int _history;
    private double _log;
    private int _silent;

    /// <param name="confidence">Between 0 and 100.</param>
    /// <param name="history">How many values, and bets, are looked back on; after a change point none is told for as long.</param>
    /// <param name="martingale">How it is bet.</param>
    /// <param name="epsilon">Of the power martingale, between 0 and 1.</param>
    public ChangePointDetector(double confidence, int history, Martingale martingale = Martingale.Power, double epsilon = 0.1)
    {
        (_history, _martingale, _epsilon) = (history, martingale, epsilon);
        _density = new KernelDensity(history);
        _bets = new Queue<double>(history);
        _threshold = Math.Exp(history * LogBet(1 - (confidence / 100)));
    }

    /// <returns>Whether it is a change point, the value's two-sided p-value, and the martingale.</returns>
    public (bool IsChange, double PValue, double Martingale) Take(float value)
    {
        var p = _density.Take(value);
        var bet = LogBet(p);
        if (_bets.Count == 0)
        {
            for (var i = 0; i < _history; i++) _bets.Enqueue(bet);
            _log += _history * bet;
        }
        else
        {
            _log += bet;
            _log -= _bets.Dequeue();
            _bets.Enqueue(bet);
        }

        var martingale = Math.Exp(_log);
        var change = _density.IsFull && martingale >= _threshold && _silent == 0;
        if (change) _silent = _history;
        if (_density.IsFull && _silent > 0) _silent--;
        return (change, p, martingale);
    }

    private double LogBet(double p)
    {
        var log = Math.Log(p);
        return _martingale == Martingale.Power ? Math.Log(_epsilon) + ((_epsilon - 1) * log) : Math.Log((p * log) + 1 - p) - (2 * Math.Log(-log)) - log;
    }
}
