using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Models that cannot be loaded when they are promoted.</summary>
public sealed class ModelLoadingTests(TestLog log)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_of_which_a_part_is_missing_is_taken_up_once_that_is_there_and_one_that_makes_no_sense_is_refused_once()
    {
        var (incomplete, senseless) = ($"p{Guid.NewGuid():N}"[..12], $"p{Guid.NewGuid():N}"[..12]);
        var model = await log.PromoteAsync(incomplete);
        var bad = await log.PublishAsync(senseless, [1, 2, 3]);
        await log.PromoteIdAsync(bad);
        var key = $"{model}/0";
        var chunk = (await log.ReadAsync(TopicCatalogue.ModelArtifacts.Name)).Last(record => System.Text.Encoding.UTF8.GetString(record.Message.Key) == key);
        log.WriteRaw(TopicCatalogue.ModelArtifacts.Name, chunk.Partition, chunk.Message.Key, null);

        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var said = new Said();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var models = new ActiveModels(
            Options.Create(log.Kafka), Options.Create(new ModelOptions()), new ScoringMetrics(meters), new StreamingMetrics(meters, TimeProvider.System), new SpeakingModels(), TimeProvider.System, said);
        await models.StartAsync(Cancel);
        await UntilAsync(() => said.Lines.Any(line => line.Contains($"Model {model} of", StringComparison.Ordinal)) && said.Lines.Any(line => line.Contains($"Model {bad} of", StringComparison.Ordinal)));
        await Task.Delay(4_000, Cancel); // it has been tried a few times by now
        Assert.Null(models.At(0, 0).Models.ActiveOf(incomplete));
        foreach (var refused in (string[])[model, bad])
            Assert.Single(said.Lines, line => line.Contains($"Model {refused} of", StringComparison.Ordinal) && line.Contains("cannot be loaded", StringComparison.Ordinal));

        log.WriteRaw(TopicCatalogue.ModelArtifacts.Name, chunk.Partition, chunk.Message.Key, chunk.Message.Value);
        await UntilAsync(() => models.At(0, 0).Models.ActiveOf(incomplete)?.ModelId == model);
        Assert.Null(models.At(0, 0).Models.ActiveOf(senseless));
        await models.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_model_of_which_a_part_is_missing_is_tried_again_also_where_the_clock_is_set_back_meanwhile()
    {
        var profile = $"p{Guid.NewGuid():N}"[..12];
        var model = await log.PromoteAsync(profile);
        var key = $"{model}/0";
        var chunk = (await log.ReadAsync(TopicCatalogue.ModelArtifacts.Name)).Last(record => System.Text.Encoding.UTF8.GetString(record.Message.Key) == key);
        log.WriteRaw(TopicCatalogue.ModelArtifacts.Name, chunk.Partition, chunk.Message.Key, null);

        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var (said, clock, meters) = (new Said(), new SetBack(), services.GetRequiredService<IMeterFactory>());
        using var models = new ActiveModels(
            Options.Create(log.Kafka), Options.Create(new ModelOptions()), new ScoringMetrics(meters), new StreamingMetrics(meters, clock), new SpeakingModels(), clock, said);
        await models.StartAsync(Cancel);
        await UntilAsync(() => said.Lines.Any(line => line.Contains($"Model {model} of", StringComparison.Ordinal)));
        clock.By = TimeSpan.FromHours(1);
        log.WriteRaw(TopicCatalogue.ModelArtifacts.Name, chunk.Partition, chunk.Message.Key, chunk.Message.Value);
        await UntilAsync(() => models.At(0, 0).Models.ActiveOf(profile)?.ModelId == model);
        await models.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_model_that_is_tried_again_and_again_holds_up_no_other_promotion()
    {
        var profile = $"p{Guid.NewGuid():N}"[..12];
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var model = await log.PublishAsync(profile);
        var key = $"{model}/0";
        var chunk = (await log.ReadAsync(TopicCatalogue.ModelArtifacts.Name)).Last(record => System.Text.Encoding.UTF8.GetString(record.Message.Key) == key);
        log.WriteRaw(TopicCatalogue.ModelArtifacts.Name, chunk.Partition, chunk.Message.Key, null);
        var (meters, time, loaded) = (services.GetRequiredService<IMeterFactory>(), new FakeTimeProvider(), 0);
        var registry = new ModelRegistry(log.Kafka, NullLogger.Instance);
        var loader = new ModelLoader(registry, _ => null, () => loaded++, new ScoringMetrics(meters), time, NullLogger.Instance, Cancel);

        Assert.Null(await loader.FindAsync(profile, model, Cancel));
        Assert.False(loader.MayBeLoaded(model)); // whoever follows the registry does not ask for it while the pause lasts, nor while it is read
        log.WriteRaw(TopicCatalogue.ModelArtifacts.Name, chunk.Partition, chunk.Message.Key, chunk.Message.Value);
        Assert.Equal(0, loaded);
        time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => loaded == 1);
        Assert.True(loader.MayBeLoaded(model));
        Assert.Equal(model, (await loader.FindAsync(profile, model, Cancel))?.ModelId);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var end = DateTime.UtcNow.AddMinutes(3); !condition(); await Task.Delay(100, Cancel)) Assert.True(DateTime.UtcNow < end, "It does not happen.");
    }

    /// <summary>The system's clock, set back at some time; timers do not go by it.</summary>
    private sealed class SetBack : TimeProvider
    {
        private long _by;

        public TimeSpan By { set => Volatile.Write(ref _by, value.Ticks); }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - TimeSpan.FromTicks(Volatile.Read(ref _by));
    }

    private sealed class Said : ILogger<ActiveModels>
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }
}
