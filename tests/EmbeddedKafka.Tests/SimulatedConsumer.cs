using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>A client of the consumer protocol as far as the server can see it, slow and with a bad network where a test wants it.</summary>
internal sealed class SimulatedConsumer(string name, string? instance, string assignor, Random random)
{
    private int _lives;
    private int _epoch;
    private string _id = "";
    private HashSet<TopicIdPartition> _target = [];
    private bool _sayAll = true;
    private bool _changed;

    /// <summary>What it believes to have.</summary>
    public HashSet<TopicIdPartition> Owned { get; private set; } = [];

    /// <summary>Something that may happen to a client.</summary>
    public void Step(Func<ConsumerHeartbeat, ConsumerHeartbeatResult> server)
    {
        switch (random.Next(18))
        {
            case 0:
                Leave(server);
                break;
            case >= 1 and < 7:
                // The answer is lost.
                if (_epoch > 0)
                    server(Request());
                _sayAll = true;
                break;
            case 7:
                // It dies; a static one comes back under a new id only when its session has ended.
                Forget();
                break;
            case < 12:
                Reconcile();
                break;
            default:
                Hear(server(Request()));
                break;
        }
    }

    /// <summary>What a client does all the time.</summary>
    public void Beat(Func<ConsumerHeartbeat, ConsumerHeartbeatResult> server)
    {
        Hear(server(Request()));
        Reconcile();
    }

    /// <summary>It says everything again.</summary>
    public void LoseConnection() => _sayAll = true;

    public void Leave(Func<ConsumerHeartbeat, ConsumerHeartbeatResult> server)
    {
        var epoch = instance is not null && random.Next(2) == 0 ? ConsumerHeartbeat.LeaveForNow : ConsumerHeartbeat.Leave;
        if (_epoch > 0)
            server(Request() with { Epoch = epoch });
        Forget();
    }

    private void Forget()
    {
        (_epoch, _id, _target, Owned) = (0, "", [], []);
        _sayAll = true;
    }

    private ConsumerHeartbeat Request()
    {
        if (_id.Length == 0)
            _id = $"{name}-{_lives++}";
        var all = _sayAll || _epoch == 0;
        return new("g", _id, _epoch, instance, null, all ? TimeSpan.FromSeconds(60) : null, all ? ["t"] : null, null, all ? assignor : null, all || _changed ? [.. Owned] : null, "client", "/127.0.0.1");
    }

    private void Hear(ConsumerHeartbeatResult answer)
    {
        (_sayAll, _changed) = (false, false);
        switch (answer.Error)
        {
            case ErrorCode.None:
                _epoch = answer.Epoch;
                _target = answer.Assignment is { } assignment ? [.. assignment] : _target;
                break;
            case ErrorCode.FencedMemberEpoch or ErrorCode.UnknownMemberId:
                (_epoch, _target, Owned) = (0, [], []);
                break;
            case ErrorCode.UnreleasedInstanceId or ErrorCode.FencedInstanceId:
                Forget();
                break;
            default:
                Assert.Fail($"{name}: {answer}");
                break;
        }
    }

    /// <summary>It gives back what it is to, and takes what it may, at once.</summary>
    private void Reconcile()
    {
        _changed |= !Owned.SetEquals(_target);
        Owned = [.. _target];
    }
}
