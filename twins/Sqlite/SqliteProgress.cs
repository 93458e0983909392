using Confluent.Kafka;
using Microsoft.Data.Sqlite;

namespace Kappa.Iot.Twins.Sqlite;

/// <summary>How far the log has been read, within one transaction.</summary>
internal sealed class SqliteProgress(SqliteConnection connection, SqliteTransaction? transaction)
{
    public IReadOnlyDictionary<TopicPartition, long> Find(IReadOnlyCollection<TopicPartition> partitions)
    {
        var found = new Dictionary<TopicPartition, long>();
        foreach (var partition in partitions)
        {
            using var command = Command("SELECT next FROM progress WHERE topic = $topic AND partition = $partition", partition);
            if (command.ExecuteScalar() is long next) found[partition] = next;
        }

        return found;
    }

    public void Start(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            using var command = Command("INSERT INTO progress (topic, partition, next) VALUES ($topic, $partition, 0) ON CONFLICT DO NOTHING", partition);
            command.ExecuteNonQuery();
        }
    }

    /// <returns>The partitions that are not there.</returns>
    public IReadOnlyList<TopicPartition> Advance(IReadOnlyList<TopicPartitionOffset> progress)
    {
        var lost = new List<TopicPartition>();
        foreach (var position in progress)
        {
            using var command = Command("UPDATE progress SET next = max(next, $next) WHERE topic = $topic AND partition = $partition", position.TopicPartition);
            command.Parameters.AddWithValue("$next", position.Offset.Value);
            if (command.ExecuteNonQuery() == 0) lost.Add(position.TopicPartition);
        }

        return lost;
    }

    private SqliteCommand Command(string text, TopicPartition partition)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;
        command.Parameters.AddWithValue("$topic", partition.Topic);
        command.Parameters.AddWithValue("$partition", partition.Partition.Value);
        return command;
    }
}
