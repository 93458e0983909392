namespace Kappa.Iot.ScoringService;

internal static partial class ActiveModelsLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Model {ModelId} of profile {Profile} is loaded; each partition is scored by it once it has taken over there")]
    public static partial void Loaded(this ILogger logger, string profile, string modelId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {ModelId} of profile {Profile} cannot be loaded; what scored before goes on. Promote another one, or end its trial.")]
    public static partial void LoadFailed(this ILogger logger, Exception exception, string profile, string modelId);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was changed in the model registry could not be taken up; it is tried again after {Pause}")]
    public static partial void ChangesFailed(this ILogger logger, Exception exception, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "The record at offset {Offset} of the model registry is left out")]
    public static partial void EntryUnreadable(this ILogger logger, Exception exception, long offset);

    [LoggerMessage(Level = LogLevel.Information, Message = "Nothing is scored before there is a model for each of Models:WaitFor; missing: {Profiles}")]
    public static partial void Waiting(this ILogger logger, string profiles);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {ModelId} of profile {Profile} scores partition {Partition} from offset {Offset} on; its windows are filled from {WarmedFrom}")]
    public static partial void TakesOver(this ILogger logger, string modelId, string profile, int partition, long offset, long warmedFrom);

    [LoggerMessage(Level = LogLevel.Error, Message = "The past that model {ModelId} of profile {Profile} needs could not be read of partition {Partition}; until it is read again, after {Pause}, what scored before goes on")]
    public static partial void WarmUpFailed(this ILogger logger, Exception exception, string modelId, string profile, int partition, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {ModelId} of profile {Profile} reads the past of partition {Partition}; until it has, model {Before} goes on")]
    public static partial void ReadsThePast(this ILogger logger, string modelId, string profile, int partition, string before);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {ModelId}, the first of profile {Profile}, scores what came before it of partition {Partition}: offsets {From} to {Until}, and what comes meanwhile")]
    public static partial void Rewinds(this ILogger logger, string modelId, string profile, int partition, long from, long until);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {ModelId} of profile {Profile} has scored everything of partition {Partition} that came before it, and from offset {Offset} on scores what comes")]
    public static partial void HasRewound(this ILogger logger, string modelId, string profile, int partition, long offset);

    [LoggerMessage(Level = LogLevel.Information, Message = "On trial for profile {Profile}: {ModelIds}")]
    public static partial void ShadowsNow(this ILogger logger, string profile, string modelIds);
}
