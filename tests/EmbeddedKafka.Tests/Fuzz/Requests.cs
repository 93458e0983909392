using System.Text;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

/// <summary>Requests made by hand: those that this client library never sends.</summary>
internal static class Requests
{
    public static IEnumerable<byte[]> All() =>
    [
        Make(ApiKey.OffsetForLeaderEpoch, 4, true, w =>
        {
            w.Int32(-1);
            w.Array(["fuzz-b"], static (t, name) =>
            {
                t.String(name);
                t.Array([0, 1], static (p, index) =>
                {
                    p.Int32(index);
                    p.Int32(-1);
                    p.Int32(0);
                    p.Tags();
                });
                t.Tags();
            });
            w.Tags();
        }),
        Make(ApiKey.AlterConfigs, 1, false, w =>
        {
            w.Array(["fuzz-b"], static (r, name) =>
            {
                r.Int8(2);
                r.String(name);
                r.Array(["retention.ms"], static (c, config) =>
                {
                    c.String(config);
                    c.String("86400000");
                });
            });
            w.Bool(false);
        }),
        Make(ApiKey.DescribeProducers, 0, true, w =>
        {
            w.Array(["fuzz-b"], static (t, name) =>
            {
                t.String(name);
                t.Int32Array([0, 1]);
                t.Tags();
            });
            w.Tags();
        }),
        Make(ApiKey.DescribeTransactions, 0, true, w =>
        {
            w.Array(["fuzz-transactions"], static (t, id) => t.String(id));
            w.Tags();
        }),
        Make(ApiKey.ListTransactions, 0, true, w =>
        {
            w.Array(["Ongoing", "CompleteCommit"], static (t, state) => t.String(state));
            w.Array([1L, 2L], static (t, id) => t.Int64(id));
            w.Tags();
        }),
        Heartbeat("fuzz-group-3", Guid.NewGuid().ToString(), 0, ["fuzz-a", "fuzz-b"], "fuzz-.*"),
        Heartbeat("fuzz-group-3", Guid.NewGuid().ToString(), 0, ["fuzz-a"], "(a|b)*[^c]{2,9}"),
        Heartbeat("fuzz-group-4", "fuzz-member-4", 0, ["fuzz-a"], null),
        Heartbeat("fuzz-group-4", "fuzz-member-4", 1, null, null),
        Make(ApiKey.ConsumerGroupDescribe, 1, true, w =>
        {
            w.Array(["fuzz-group-3", "fuzz-group-4"], static (g, id) => g.String(id));
            w.Bool(false);
            w.Tags();
        }),
    ];

    /// <summary>A heartbeat of the consumer protocol (version 1).</summary>
    public static byte[] Heartbeat(string group, string member, int epoch, string[]? topics, string? regex) => Make(ApiKey.ConsumerGroupHeartbeat, 1, true, w =>
    {
        w.String(group);
        w.String(member);
        w.Int32(epoch);
        w.String(null);
        w.String("rack");
        w.Int32(60_000);
        if (topics is null)
            w.ArrayLength(-1);
        else
            w.Array(topics, static (t, name) => t.String(name));
        w.String(regex);
        w.String("uniform");
        w.ArrayLength(0);
        w.Tags();
    });

    /// <summary>The steps of SASL, with a wrong password where there is one.</summary>
    public static IEnumerable<byte[]> Authentication()
    {
        foreach (var mechanism in (string[])["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
            yield return Make(ApiKey.SaslHandshake, 1, false, w => w.String(mechanism));
        foreach (var token in (string[])["\0fleet\0wrong horse", "n,,n=fleet,r=fuzz", "c=biws,r=fuzz,p=AAAA"])
        {
            yield return Make(ApiKey.SaslAuthenticate, 2, true, w =>
            {
                w.Bytes(Encoding.UTF8.GetBytes(token));
                w.Tags();
            });
        }
    }

    public static byte[] CreateTopic(string name) => Make(ApiKey.CreateTopics, 2, false, w =>
    {
        w.ArrayLength(1);
        w.String(name);
        w.Int32(1);
        w.Int16(1);
        w.ArrayLength(0);
        w.ArrayLength(0);
        w.Int32(10_000);
        w.Bool(false);
    });

    /// <summary>A produce request (version 3) for one partition.</summary>
    public static byte[] Produce(string topic, int partition, byte[] batch) => Make(ApiKey.Produce, 3, false, w =>
    {
        w.String(null);
        w.Int16(-1);
        w.Int32(10_000);
        w.ArrayLength(1);
        w.String(topic);
        w.ArrayLength(1);
        w.Int32(partition);
        w.Bytes(batch);
    });

    /// <summary>A fetch request (version 4) for one partition from offset 0, for at least one byte.</summary>
    public static byte[] Fetch(string topic, int partition, int maxWait) => Make(ApiKey.Fetch, 4, false, w =>
    {
        w.Int32(-1);
        w.Int32(maxWait);
        w.Int32(1);
        w.Int32(1 << 20);
        w.Int8(0);
        w.ArrayLength(1);
        w.String(topic);
        w.ArrayLength(1);
        w.Int32(partition);
        w.Int64(0);
        w.Int32(1 << 20);
    });

    /// <summary>A frame with a right header, and a body.</summary>
    public static byte[] Make(ApiKey api, short version, bool flexible, Action<ResponseWriter> body)
    {
        using var writer = new ResponseWriter();
        writer.Int32(0);
        writer.Int16((short)api);
        writer.Int16(version);
        writer.Int32(7);
        writer.String("fuzz");
        writer.Flexible = flexible;
        writer.Tags();
        body(writer);
        writer.Int32At(0, writer.Length - 4);
        return writer.Written.ToArray();
    }
}
