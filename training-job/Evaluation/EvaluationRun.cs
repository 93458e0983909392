using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Log;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>Trains or loads what is to be evaluated, and plays the data through it with the code that scores live. Writes nothing to the log.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="screen">Shows progress, hears remarks.</param>
internal sealed class EvaluationRun(EvaluationRequest request, Screen screen)
{
    /// <summary>Runs.</summary>
    /// <param name="connect">Gives the log, where it is needed.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>By name of the detector what it made of every vehicle; the one that is evaluated first.</returns>
    /// <exception cref="CommandException">There is nothing to score.</exception>
    public Task<IReadOnlyList<(string Name, IReadOnlyList<ScoredTrip> Trips)>> RunAsync(Func<Task<KafkaOptions>> connect, CancellationToken cancel) => screen.WithProgressAsync(async context =>
    {
        var files = request.Test is { } folder ? TraceFiles.Find(folder, out _) : null;
        var detectors = request.ModelId is { } id ? [await LoadAsync(id, await connect(), cancel)] : await Task.Run(() => Train(context, cancel).ToList(), cancel);
        var players = detectors.ConvertAll(detector => new TripPlayer(detector.Model, request.KeepSteps));
        var profile = detectors[0].Model.Profile;

        var scoring = context.AddTask("score", maxValue: 1);
        var progress = new Callback<double>(share => scoring.Value = share);
        ValueTask Take(TelemetryBatch batch, int partition, long offset)
        {
            if (batch.Profile == profile) players.ForEach(player => player.Take(batch, partition, offset));
            return ValueTask.CompletedTask;
        }
        if (files is not null) await Task.Run(() => RecordedTraces.ReadAsync(files, profile, Take, progress, cancel), cancel);
        else await new TelemetryRange(await connect(), screen).ReadAsync(Take, request.From, request.To, progress, cancel);
        if (players[0].Trips.Count == 0) throw new CommandException($"There is no telemetry of profile '{profile}' in {request.Data}.");
        return (IReadOnlyList<(string, IReadOnlyList<ScoredTrip>)>)[.. detectors.Zip(players, (detector, player) => (detector.Name, player.Trips))];
    });

    private IEnumerable<(string Name, IDetector Model)> Train(ProgressContext context, CancellationToken cancel)
    {
        var set = new TrainingSet(request.Profile, request.Options);
        var reading = context.AddTask("read", maxValue: 1);
        RecordedTraces.Read(request.Train!, set, new Lineage(), new Callback<double>(share => reading.Value = share), cancel);
        yield return (VirtualSensorModel.Detector, ModelArtifact.Load("evaluated", VirtualSensorTrainer.Train(set, request.Options, TrainingBar.In(context), cancel).Artifact));
        if (request.WithBaseline) yield return (PcaModel.Detector, ModelArtifact.Load("baseline", PcaTrainer.Train(set, request.Options, cancel).Artifact));
    }

    private static async Task<(string Name, IDetector Model)> LoadAsync(string modelId, KafkaOptions log, CancellationToken cancel)
    {
        var registry = new ModelRegistry(log, NullLogger.Instance);
        var version = (await registry.ReadAllAsync(cancel)).Find(modelId);
        return (version.Detector, ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(version, cancel)));
    }
}
