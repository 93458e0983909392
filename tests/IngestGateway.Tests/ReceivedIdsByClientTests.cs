using MQTTnet.Packets;

namespace Kappa.Iot.IngestGateway.Tests;

public sealed class ReceivedIdsByClientTests
{
    private const string Client = "VIN1";

    private static readonly byte[] Payload = [1, 2, 3];

    private readonly ReceivedIdsByClient _byClient = new(TimeProvider.System);
    private int _taken;

    [Fact]
    public async Task TakeOnce_WhatTheOldConnectionStillHasOnItsWay_WaitsForItAndDoesNotTakeItAgain()
    {
        var onItsWay = new TaskCompletionSource<PublishOutcome>();
        var old = _byClient.Resume(Client, clean: false);
        _ = Take(old, onItsWay.Task);

        var again = Take(_byClient.Resume(Client, clean: false), onItsWay.Task);
        Assert.False(again.IsCompleted);
        onItsWay.SetResult(PublishOutcome.Stored);

        Assert.Equal(PublishResult.Repeated, (await again).Result);
        Assert.Equal(1, _taken);
    }

    [Fact]
    public async Task TakeOnce_WhatFailedOnTheOldConnection_IsTakenAgain()
    {
        await Take(_byClient.Resume(Client, clean: false), Task.FromResult(PublishOutcome.Failed));

        Assert.Equal(PublishResult.Stored, (await Take(_byClient.Resume(Client, clean: false))).Result);
        Assert.Equal(2, _taken);
    }

    [Fact]
    public async Task TakeOnce_OverTheOldConnection_TakesNothing()
    {
        var old = _byClient.Resume(Client, clean: false);
        var now = _byClient.Resume(Client, clean: false);
        await Take(now);
        Assert.True(now.Release(5));

        // What the old connection had read before the new one started: the client is done with it.
        Assert.Equal(PublishResult.Failed, (await Take(old)).Result);
        Assert.Equal(1, _taken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leave_BeforeOrAfterTheNextConnection_TheIdsStay(bool after)
    {
        var old = _byClient.Resume(Client, clean: false);
        await Take(old);
        if (!after) _byClient.Leave(Client, old);
        var now = _byClient.Resume(Client, clean: false);
        if (after) _byClient.Leave(Client, old);
        Assert.Equal(PublishResult.Repeated, (await Take(now)).Result);

        _byClient.Leave(Client, now);
        Assert.Equal(PublishResult.Repeated, (await Take(_byClient.Resume(Client, clean: false))).Result);
        Assert.Equal(1, _taken);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Resume_ACleanSessionBeforeOrNow_StartsWithoutIds(bool before, bool now)
    {
        var old = _byClient.Resume(Client, before);
        await Take(old);
        _byClient.Leave(Client, old);

        Assert.Equal(PublishResult.Stored, (await Take(_byClient.Resume(Client, now))).Result);
        Assert.Equal(2, _taken);
    }

    private Task<PublishOutcome> Take(ReceivedIds ids, Task<PublishOutcome>? outcome = null) =>
        ids.TakeOnce(new MqttPublishPacket { Topic = "t", PacketIdentifier = 5 }, Payload, () =>
        {
            _taken++;
            return outcome ?? Task.FromResult(PublishOutcome.Stored);
        });
}
