using Microsoft.Data.Sqlite;

namespace Kappa.Iot.Twins.Sqlite;

/// <summary>Connections to one SQLite file, which may be deleted and made anew while processes use it.</summary>
internal sealed class SqliteFile
{
    private const string Schema =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS twins (
            vin TEXT PRIMARY KEY,
            profile TEXT,
            online INTEGER NOT NULL,
            open_alerts INTEGER NOT NULL,
            latitude REAL,
            longitude REAL,
            document TEXT NOT NULL
        );
        CREATE INDEX IF NOT EXISTS twins_profile ON twins (profile, vin) WHERE profile IS NOT NULL;
        CREATE TABLE IF NOT EXISTS progress (
            topic TEXT NOT NULL,
            partition INTEGER NOT NULL,
            next INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)
        ) WITHOUT ROWID;
        """;

    /// <summary>SQLITE_CORRUPT.</summary>
    private const int Damaged = 11;

    /// <summary>SQLITE_NOTADB.</summary>
    private const int NoDatabase = 26;

    private readonly string _connectionString;
    private readonly Lock _gate = new();
    private DateTime _openedFile;

    public SqliteFile(string path)
    {
        Path = path;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30 }.ToString();
    }

    public string Path { get; }

    /// <summary>Opens a pooled connection; makes file and tables where they are not there (any more).</summary>
    /// <exception cref="TwinStoreException">The file cannot be opened.</exception>
    public SqliteConnection Open()
    {
        try
        {
            lock (_gate)
            {
                // A pooled connection would go on reading and writing a file that was deleted.
                if (_openedFile == default || !File.Exists(Path) || File.GetCreationTimeUtc(Path) != _openedFile) Create();
            }

            return Connect();
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }
    }

    public TwinStoreException Unusable(Exception e) => new($"The twin store's SQLite file '{Path}' cannot be used: {e.Message}{Advice(e)}", e);

    public void Close()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private void Create()
    {
        Close();
        if (System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = Schema;
        command.ExecuteNonQuery();
        _openedFile = File.GetCreationTimeUtc(Path);
    }

    /// <summary>All that is in the file is on the log too.</summary>
    private static string Advice(Exception e) => e is SqliteException { SqliteErrorCode: Damaged or NoDatabase }
        ? " The file is damaged: delete it, and it is filled anew from the log." : "";

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            // With WAL a killed process loses nothing. A power cut may lose the last transactions: progress with them, so they are read again.
            command.CommandText = "PRAGMA synchronous = NORMAL";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
