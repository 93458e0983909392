using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Kappa.Iot.Contracts;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Kappa.Iot.Simulator.Publishing;

/// <summary>
/// One vehicle's line to the broker. Batches are published with QoS 1 in their order, and kept until acknowledged; after a lost
/// connection the vehicle connects again (backoff with jitter) and sends what was not acknowledged, under the same names.
/// </summary>
/// <remarks>Memory is bounded by <see cref="BrokerOptions.Window"/>: <see cref="ReserveAsync"/> waits while that many batches are open.</remarks>
public sealed class VehicleLink : IAsyncDisposable
{
    private readonly string _vin;
    private readonly BrokerOptions _broker;
    private readonly ConnectGate _gate;
    private readonly DeliveryCounters _counters;
    private readonly Action<Delivery, bool>? _settled;
    private readonly SemaphoreSlim _room;
    private readonly Lock _lock = new();
    private readonly LinkedList<Delivery> _open = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Queue<Delivery> _toSend = new();
    private TaskCompletionSource? _drained;
    private int _overdrawn;
    private Task _running = Task.CompletedTask;

    /// <param name="settled">Called once for each batch when the broker has acknowledged it, or (true) refused it for good.</param>
    public VehicleLink(string vin, BrokerOptions broker, ConnectGate gate, DeliveryCounters counters, Action<Delivery, bool>? settled = null)
    {
        _vin = vin;
        _broker = broker;
        _gate = gate;
        _counters = counters;
        _settled = settled;
        _room = new SemaphoreSlim(broker.Window);
    }

    /// <summary>Takes back what an earlier life of the simulator produced and nobody acknowledged. Only before <see cref="Start"/>.</summary>
    public void Restore(IEnumerable<Delivery> unacknowledged)
    {
        foreach (var delivery in unacknowledged)
        {
            // They take room as all others do; should there be more than the window, the vehicle waits until they are gone.
            if (!_room.Wait(0)) _overdrawn++;
            delivery.Node = _open.AddLast(delivery);
        }
    }

    /// <summary>Connects, and stays connected until <see cref="DisposeAsync"/>.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Waits for room for one more batch. Each reservation is used by one <see cref="Send"/>.</summary>
    public Task ReserveAsync(CancellationToken cancel) => _room.WaitAsync(cancel);

    /// <summary>Gives a reserved place back.</summary>
    public void Release() => _room.Release();

    /// <summary>Sends a batch for which room was reserved.</summary>
    public void Send(Delivery delivery)
    {
        _counters.AddPublished();
        lock (_lock)
        {
            delivery.Node = _open.AddLast(delivery);
            _toSend.Enqueue(delivery);
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Batches that are not acknowledged yet.</summary>
    public int Open
    {
        get { lock (_lock) return _open.Count; }
    }

    /// <summary>Completes once nothing is open.</summary>
    public Task DrainAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_open.Count == 0) return Task.CompletedTask;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancel);
        }
    }

    /// <summary>Says goodbye to the broker (DISCONNECT) and ends. What is still open stays unacknowledged.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _running;
        // _room stays: a late acknowledgement may still give a place back.
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await _gate.WaitAsync(_closing.Token);
                using var client = new MqttClientFactory().CreateMqttClient();
                var window = await ConnectAsync(client);
                failures = 0;
                await RunSessionAsync(client, window);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is MqttCommunicationException or MqttProtocolViolationException or SocketException or IOException
                or TimeoutException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                _counters.Trouble($"vehicle {_vin}, broker {_broker}: {Innermost(e)}");
            }

            if (!await BackOffAsync(failures++)) return;
        }
    }

    private async Task<bool> BackOffAsync(int failures)
    {
        var wait = Math.Min(_broker.LongestBackoff.TotalMilliseconds, _broker.FirstBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 20)));
#pragma warning disable CA5394 // Jitter keeps no secret.
        wait *= 0.5 + Random.Shared.NextDouble();
#pragma warning restore CA5394
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(wait), _closing.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <returns>How many publishes the broker wants to see open at most.</returns>
    private async Task<int> ConnectAsync(IMqttClient client)
    {
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer(_broker.Host, _broker.Port)
            .WithProtocolVersion(_broker.Protocol)
            .WithClientId(_vin)
            .WithCleanStart()
            .WithKeepAlivePeriod(_broker.KeepAlive)
            .WithTimeout(_broker.AttemptTimeout)
            .WithWillTopic(MqttTopics.Presence(_vin))
            .WithWillPayload("lost")
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .Build();
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        attempt.CancelAfter(_broker.AttemptTimeout);
        var answer = await client.ConnectAsync(options, attempt.Token);
        if (answer.ResultCode != MqttClientConnectResultCode.Success)
            throw new MqttCommunicationException($"the broker refused the connection: {answer.ResultCode} {answer.ReasonString}");
        return _broker.Protocol == MqttProtocolVersion.V500 && answer.ReceiveMaximum is > 0 and var most ? Math.Min(_broker.Window, (int)most) : _broker.Window;
    }

    private async Task RunSessionAsync(IMqttClient client, int window)
    {
        var session = new Session(client, window);
        client.DisconnectedAsync += e =>
        {
            session.Failure ??= e.Exception ?? new MqttCommunicationException($"the broker closed the connection ({e.Reason})");
            _wake.Writer.TryWrite(true);
            return Task.CompletedTask;
        };
        lock (_lock)
        {
            var again = 0;
            foreach (var delivery in _open) again += delivery.SentAt > 0 ? 1 : 0;
            _counters.AddResent(again);
            _toSend = new Queue<Delivery>(_open);
        }

        _counters.AddConnected(1);
        try
        {
            await PumpAsync(session);
        }
        finally
        {
            _counters.AddConnected(-1);
            if (client.IsConnected) await GoodbyeAsync(client);
        }
    }

    private async Task PumpAsync(Session session)
    {
        while (!_closing.IsCancellationRequested)
        {
            if (session.Failure is { } failure) throw new MqttCommunicationException(Innermost(failure), failure);
            while (session.InFlight < session.Window && Next() is { } delivery)
            {
                delivery.SentAt = Environment.TickCount64;
                _ = PublishAsync(session, delivery); // it never throws: what goes wrong ends the session
            }

            try
            {
                await _wake.Reader.ReadAsync(_closing.Token).AsTask().WaitAsync(_broker.AcknowledgeTimeout, _closing.Token);
            }
            catch (TimeoutException) when (!IsOverdue())
            {
                // Nothing is due: the vehicle had nothing to send.
            }
        }
    }

    private Delivery? Next()
    {
        lock (_lock)
        {
            while (_toSend.TryDequeue(out var next))
            {
                // An acknowledgement of the session before may have come late.
                if (next.Node is { List: not null }) return next;
            }

            return null;
        }
    }

    private bool IsOverdue()
    {
        lock (_lock)
            return _open.First is { Value.SentAt: > 0 and var sentAt } && Environment.TickCount64 - sentAt >= _broker.AcknowledgeTimeout.TotalMilliseconds;
    }

    private async Task PublishAsync(Session session, Delivery delivery)
    {
        session.Started();
        try
        {
            var answer = await session.Client.PublishAsync(new MqttApplicationMessage
            {
                Topic = MqttTopics.Telemetry(_vin),
                Payload = new ReadOnlySequence<byte>(delivery.Payload),
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            });
            Settle(session, delivery, answer);
        }
        catch (Exception e)
        {
            session.Failure ??= e;
        }
        finally
        {
            session.Ended();
            _wake.Writer.TryWrite(true);
        }
    }

    private void Settle(Session session, Delivery delivery, MqttClientPublishResult answer)
    {
        switch (answer.ReasonCode)
        {
            case MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers:
                if (Remove(delivery, refused: false)) _counters.AddAcknowledged();
                break;
            case MqttClientPublishReasonCode.NotAuthorized or MqttClientPublishReasonCode.TopicNameInvalid or MqttClientPublishReasonCode.PayloadFormatInvalid:
                if (Remove(delivery, refused: true))
                    _counters.AddRefused($"vehicle {_vin}, boot {delivery.BootId}, batch {delivery.Sequence}: the broker refused it: {answer.ReasonCode} {answer.ReasonString}");
                break;
            default:
                // Not the batch's fault, so it is sent again, in a new session.
                session.Failure ??= new MqttCommunicationException($"the broker could not take a batch: {answer.ReasonCode} {answer.ReasonString}");
                break;
        }
    }

    private bool Remove(Delivery delivery, bool refused)
    {
        TaskCompletionSource? drained = null;
        lock (_lock)
        {
            if (delivery.Node is not { List: not null } node) return false;
            _open.Remove(node);
            if (_open.Count == 0) (drained, _drained) = (_drained, null);
            if (_overdrawn > 0) _overdrawn--;
            else _room.Release();
        }

        _settled?.Invoke(delivery, refused);
        drained?.TrySetResult();
        return true;
    }

    private async Task GoodbyeAsync(IMqttClient client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await client.DisconnectAsync(new MqttClientDisconnectOptions(), patience.Token);
        }
        catch (Exception e) when (e is MqttCommunicationException or SocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            _counters.Trouble($"vehicle {_vin}: could not say goodbye to {_broker}: {Innermost(e)}");
        }
    }

    private static string Innermost(Exception e) => e.GetBaseException().Message;

    /// <summary>What belongs to one connection.</summary>
    private sealed class Session(IMqttClient client, int window)
    {
        private int _inFlight;

        public IMqttClient Client { get; } = client;

        public int Window { get; } = window;

        public int InFlight => Volatile.Read(ref _inFlight);

        public volatile Exception? Failure;

        public void Started() => Interlocked.Increment(ref _inFlight);

        public void Ended() => Interlocked.Decrement(ref _inFlight);
    }
}
