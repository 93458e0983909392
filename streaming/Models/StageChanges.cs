using Kappa.Iot.Contracts;

namespace Kappa.Iot.Streaming.Models;

/// <summary>The registry's rules: which entries a decision writes. Pure: a snapshot in, entries out.</summary>
internal static class StageChanges
{
    /// <summary>Makes a model active; the one before is retired.</summary>
    public static IReadOnlyList<RegistryEntry> Promote(RegistrySnapshot now, string modelId, Decision decision)
    {
        var version = now.Find(modelId);
        var before = now.Active.GetValueOrDefault(version.Profile)?.ModelId ?? "";
        return before == modelId ? [] : Activate(now, version, before, before, decision);
    }

    /// <summary>Makes the model active that was so before; models retired by hand since are passed over.</summary>
    public static IReadOnlyList<RegistryEntry> RollBack(RegistrySnapshot now, string profile, Decision decision)
    {
        var active = now.Active.GetValueOrDefault(profile) ?? throw new ModelRegistryException($"The profile '{profile}' has no active model. 'list' shows the models.");
        var to = active.PreviousModelId;
        while (to.Length > 0 && now.Versions.TryGetValue(to, out var candidate) && IsWithdrawn(candidate)) to = Predecessor(candidate);
        if (to.Length == 0) throw new ModelRegistryException($"There is no model of profile '{profile}' to go back to: {active.ModelId} is the first, or all before it were retired by hand.");
        var version = now.Find(to);
        return Activate(now, version, active.ModelId, Predecessor(version), decision);
    }

    /// <summary>Gives a model that does not score another stage.</summary>
    public static IReadOnlyList<RegistryEntry> Move(RegistrySnapshot now, string modelId, ModelStage stage, Decision decision)
    {
        var version = now.Find(modelId);
        if (now.Active.GetValueOrDefault(version.Profile)?.ModelId == modelId)
            throw new ModelRegistryException($"Model '{modelId}' is the active one of profile '{version.Profile}'. Promote another one or roll back first.");
        if (version.Stage == stage && (stage != ModelStage.Retired || IsWithdrawn(version))) return [];

        return [With(version, stage, decision, "")];
    }

    private static List<RegistryEntry> Activate(RegistrySnapshot now, ModelVersion version, string from, string previous, Decision decision)
    {
        var entries = new List<RegistryEntry>();
        if (now.Versions.TryGetValue(from, out var replaced)) entries.Add(With(replaced, ModelStage.Retired, decision, version.ModelId));
        entries.Add(With(version, ModelStage.ActiveStage, decision, previous));
        entries.Add(new RegistryEntry
        {
            Active = new ActiveModel
            {
                Profile = version.Profile,
                ModelId = version.ModelId,
                PreviousModelId = previous,
                PromotedAtMs = decision.At.ToUnixTimeMilliseconds(),
                PromotedBy = decision.By,
            },
        });
        return entries;
    }

    /// <summary>Retired by a person, not by a successor.</summary>
    private static bool IsWithdrawn(ModelVersion version) =>
        version.Stage == ModelStage.Retired && version.History.LastOrDefault() is { Stage: ModelStage.Retired, OtherModelId.Length: 0 };

    /// <summary>The model that this one took over from when it last became active.</summary>
    private static string Predecessor(ModelVersion version) => version.History.LastOrDefault(change => change.Stage == ModelStage.ActiveStage)?.OtherModelId ?? "";

    private static RegistryEntry With(ModelVersion version, ModelStage stage, Decision decision, string other)
    {
        var copy = version.Clone();
        copy.Stage = stage;
        copy.History.Add(ModelRegistry.Change(stage, decision, other));
        return new RegistryEntry { Version = copy };
    }
}
