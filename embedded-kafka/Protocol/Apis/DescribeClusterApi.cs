namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>The cluster: one broker, which is its own controller.</summary>
internal static class DescribeClusterApi
{
    public static void Handle(Call call)
    {
        var (response, broker) = (call.Response, call.Broker);
        response.Int32(0);
        response.Error(ErrorCode.None);
        response.String(null);
        if (call.Version >= 1)
            response.Int8(1);
        response.String(broker.ClusterId);
        response.Int32(Broker.NodeId);
        response.ArrayLength(1);
        response.Int32(Broker.NodeId);
        response.String(broker.AdvertisedHost);
        response.Int32(broker.AdvertisedPort);
        response.String(null);
        if (call.Version >= 2)
            response.Bool(false);
        response.Tags();
        response.Int32(int.MinValue);
        response.Tags();
    }
}
