using Kappa.Iot.Contracts;
using Kappa.Iot.TrainingJob.Evaluation;
using Parquet;
using Parquet.Schema;

namespace Kappa.Iot.TrainingJob.Export;

/// <summary>
/// Writes scored batches as Parquet, a row each: <c>time</c> (UTC, start of the batch), <c>vehicle</c>, <c>model</c>, <c>score</c>, <c>judged</c>,
/// and per signal of the model its <c>_observed</c> and <c>_expected</c> value in the last step of ten seconds and its <c>_share</c> of the
/// score. What is not known is null. Rows are held until there are enough for a row group.
/// </summary>
internal sealed class StepFile : IAsyncDisposable
{
    private const int RowGroup = 50_000;

    private readonly FileStream _stream;
    private readonly ParquetWriter _writer;
    private readonly IReadOnlyList<uint> _signals;
    private readonly List<ScoredStep> _steps = [];

    private readonly DataField[] _fields;

    private StepFile(FileStream stream, ParquetWriter writer, IReadOnlyList<uint> signals, DataField[] fields) => (_stream, _writer, _signals, _fields) = (stream, writer, signals, fields);

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Creates the file, in place of one that is there.</summary>
    public static async Task<StepFile> CreateAsync(string path, IReadOnlyList<uint> signals, CancellationToken cancel)
    {
        var stream = File.Create(path);
        DataField[] fields = [Time, Vehicle, Model, Score, Judged, .. signals.SelectMany(signal => Kinds.Select(kind => new DataField<float>(ColumnOf(signal, kind), nullable: true)))];
        return new StepFile(stream, await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, cancellationToken: cancel), signals, fields);
    }

    /// <summary>Name of a column: a signal's path with underscores, which SQL and Python take without quotes.</summary>
    public static string ColumnOf(uint signal, string kind) => $"{SignalCatalogue.Find(signal)?.Path.Replace('.', '_') ?? $"signal_{signal}"}_{kind}";

    public async ValueTask AddAsync(ScoredStep step, CancellationToken cancel)
    {
        _steps.Add(step);
        Rows++;
        if (_steps.Count >= RowGroup) await FlushAsync(cancel);
    }

    /// <summary>Writes what is left; without it the file has no end and cannot be read.</summary>
    public async Task CompleteAsync(CancellationToken cancel)
    {
        if (_steps.Count > 0) await FlushAsync(cancel);
        await _writer.DisposeAsync();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static readonly string[] Kinds = ["observed", "expected", "share"];
    private static readonly DateTimeDataField Time = new("time", DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Millis, isNullable: false);
    private static readonly DataField<string> Vehicle = new("vehicle", nullable: false), Model = new("model", nullable: false);
    private static readonly DataField<float> Score = new("score");
    private static readonly DataField<bool> Judged = new("judged");

    private async Task FlushAsync(CancellationToken cancel)
    {
        using var group = _writer.CreateRowGroup();
        await group.WriteAsync<DateTime>(Time, Column(step => DateTimeOffset.FromUnixTimeMilliseconds(step.Score.StartTimeMs).UtcDateTime), cancellationToken: cancel);
        await group.WriteAsync(Vehicle, [.. _steps.Select(step => step.Score.Vin)]);
        await group.WriteAsync(Model, [.. _steps.Select(step => step.Score.ModelId)]);
        await group.WriteAsync<float>(Score, Column(step => step.Score.Score_), cancellationToken: cancel);
        await group.WriteAsync<bool>(Judged, Column(step => step.Score.Contributions.Count > 0), cancellationToken: cancel);
        for (var s = 0; s < _signals.Count; s++)
        {
            var (place, signal) = (s, _signals[s]);
            await group.WriteAsync<float>(_fields[5 + 3 * s], Column(step => Known(step.Observed[place])), cancellationToken: cancel);
            await group.WriteAsync<float>(_fields[6 + 3 * s], Column(step => Known(step.Expected[place])), cancellationToken: cancel);
            await group.WriteAsync<float>(_fields[7 + 3 * s], Column(step => step.Score.Contributions.Count == 0 ? null : (float?)step.ShareOf(signal)), cancellationToken: cancel);
        }
        group.CompleteValidate();
        _steps.Clear();
    }

    private ReadOnlyMemory<T> Column<T>(Func<ScoredStep, T> value) => _steps.Select(value).ToArray();

    private static float? Known(float value) => float.IsFinite(value) ? value : null;
}
