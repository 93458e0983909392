using Microsoft.Data.Sqlite;

namespace Kappa.Iot.Twins.Sqlite;

/// <summary>Reads and writes documents within one transaction, with statements that are prepared once.</summary>
internal sealed class SqliteTwinDocuments : IDisposable
{
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _save;

    public SqliteTwinDocuments(SqliteConnection connection, SqliteTransaction transaction)
    {
        _find = Command("SELECT document FROM twins WHERE vin = $vin", "$vin");
        _save = Command(
            """
            INSERT INTO twins (vin, profile, online, open_alerts, latitude, longitude, document)
            VALUES ($vin, $profile, $online, $alerts, $latitude, $longitude, $document)
            ON CONFLICT (vin) DO UPDATE SET profile = excluded.profile, online = excluded.online, open_alerts = excluded.open_alerts,
                latitude = excluded.latitude, longitude = excluded.longitude, document = excluded.document
            """,
            "$vin", "$profile", "$online", "$alerts", "$latitude", "$longitude", "$document");

        SqliteCommand Command(string text, params string[] parameters)
        {
            var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = text;
            foreach (var parameter in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
            return command;
        }
    }

    public TwinState? Find(string vin)
    {
        _find.Parameters[0].Value = vin;
        return _find.ExecuteScalar() is string document ? TwinJson.Read(document) : null;
    }

    public void Save(string vin, TwinState state)
    {
        object?[] values =
        [
            vin, state.Reported?.Profile, state.Presence?.Online ?? false, state.Alerts.Values.Count(alert => alert.Open),
            Signal(state, TwinView.Latitude), Signal(state, TwinView.Longitude), TwinJson.Write(state),
        ];
        for (var i = 0; i < values.Length; i++) _save.Parameters[i].Value = values[i] ?? DBNull.Value;
        _save.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _find.Dispose();
        _save.Dispose();
    }

    private static double? Signal(TwinState state, string path) => state.Signals.TryGetValue(path, out var signal) ? signal.Value : null;
}
