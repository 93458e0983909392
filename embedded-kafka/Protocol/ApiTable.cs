using Kappa.Iot.Embedded.Protocol.Apis;

namespace Kappa.Iot.Embedded.Protocol;

/// <summary>Every request that this server answers, and in which versions: the one place that says so.</summary>
internal static class ApiTable
{
    private const short Never = short.MaxValue;

    private static readonly Api?[] ByKey = Index(
        new Api(ApiKey.Produce, 3, 13, 9, Now(ProduceApi.Handle)),
        new Api(ApiKey.Fetch, 4, 18, 12, FetchApi.HandleAsync),
        new Api(ApiKey.ListOffsets, 1, 11, 6, Now(ListOffsetsApi.Handle)),
        new Api(ApiKey.Metadata, 0, 13, 9, Now(MetadataApi.Handle)),
        new Api(ApiKey.OffsetCommit, 2, 9, 8, Now(OffsetCommitApi.Handle)),
        new Api(ApiKey.OffsetFetch, 1, 9, 6, Now(OffsetFetchApi.Handle)),
        new Api(ApiKey.FindCoordinator, 0, 6, 3, Now(FindCoordinatorApi.Handle)),
        new Api(ApiKey.JoinGroup, 0, 9, 6, JoinGroupApi.HandleAsync),
        new Api(ApiKey.Heartbeat, 0, 4, 4, Now(HeartbeatApi.Handle)),
        new Api(ApiKey.LeaveGroup, 0, 5, 4, Now(LeaveGroupApi.Handle)),
        new Api(ApiKey.SyncGroup, 0, 5, 4, SyncGroupApi.HandleAsync),
        new Api(ApiKey.DescribeGroups, 0, 6, 5, Now(DescribeGroupsApi.Handle)),
        new Api(ApiKey.ListGroups, 0, 5, 3, Now(ListGroupsApi.Handle)),
        new Api(ApiKey.SaslHandshake, 0, 1, Never, Now(SaslHandshakeApi.Handle)),
        new Api(ApiKey.ApiVersions, 0, 4, 3, Now(ApiVersionsApi.Handle)),
        new Api(ApiKey.CreateTopics, 2, 7, 5, Now(CreateTopicsApi.Handle)),
        new Api(ApiKey.DeleteTopics, 1, 6, 4, Now(DeleteTopicsApi.Handle)),
        new Api(ApiKey.DeleteRecords, 0, 2, 2, Now(DeleteRecordsApi.Handle)),
        new Api(ApiKey.InitProducerId, 0, 5, 2, Now(InitProducerIdApi.Handle)),
        new Api(ApiKey.OffsetForLeaderEpoch, 2, 4, 4, Now(OffsetForLeaderEpochApi.Handle)),
        new Api(ApiKey.AddPartitionsToTxn, 0, 3, 3, Now(AddPartitionsToTxnApi.Handle)),
        new Api(ApiKey.AddOffsetsToTxn, 0, 4, 3, Now(AddOffsetsToTxnApi.Handle)),
        new Api(ApiKey.EndTxn, 0, 4, 3, Now(EndTxnApi.Handle)),
        new Api(ApiKey.WriteTxnMarkers, 1, 2, 1, Now(WriteTxnMarkersApi.Handle)),
        new Api(ApiKey.TxnOffsetCommit, 0, 4, 3, Now(TxnOffsetCommitApi.Handle)),
        new Api(ApiKey.DescribeConfigs, 1, 4, 4, Now(DescribeConfigsApi.Handle)),
        new Api(ApiKey.AlterConfigs, 0, 2, 2, Now(AlterConfigsApi.Handle)),
        new Api(ApiKey.SaslAuthenticate, 0, 2, 2, Now(SaslAuthenticateApi.Handle)),
        new Api(ApiKey.CreatePartitions, 0, 3, 2, Now(CreatePartitionsApi.Handle)),
        new Api(ApiKey.DeleteGroups, 0, 2, 2, Now(DeleteGroupsApi.Handle)),
        new Api(ApiKey.IncrementalAlterConfigs, 0, 1, 1, Now(IncrementalAlterConfigsApi.Handle)),
        new Api(ApiKey.OffsetDelete, 0, 0, Never, Now(OffsetDeleteApi.Handle)),
        new Api(ApiKey.DescribeCluster, 0, 2, 0, Now(DescribeClusterApi.Handle)),
        new Api(ApiKey.DescribeProducers, 0, 0, 0, Now(DescribeProducersApi.Handle)),
        new Api(ApiKey.DescribeTransactions, 0, 0, 0, Now(DescribeTransactionsApi.Handle)),
        new Api(ApiKey.ListTransactions, 0, 2, 0, Now(ListTransactionsApi.Handle)),
        new Api(ApiKey.ConsumerGroupHeartbeat, 0, 1, 0, Now(ConsumerGroupHeartbeatApi.Handle)),
        new Api(ApiKey.ConsumerGroupDescribe, 0, 1, 0, Now(ConsumerGroupDescribeApi.Handle)));

    public static IEnumerable<Api> All => ByKey.OfType<Api>();

    public static Api? Find(short key) => key >= 0 && key < ByKey.Length ? ByKey[key] : null;

    private static Func<Call, ValueTask> Now(Action<Call> handle) => call =>
    {
        handle(call);
        return ValueTask.CompletedTask;
    };

    private static Api?[] Index(params Api[] apis)
    {
        var table = new Api?[apis.Max(a => (int)a.Key) + 1];
        foreach (var api in apis)
            table[(int)api.Key] = api;
        return table;
    }
}
