namespace Kappa.Iot.ServiceDefaults;

/// <summary>Tags of health checks.</summary>
public static class Health
{
    /// <summary>A failing check with this tag means: restart the process.</summary>
    public const string Live = "live";

    /// <summary>A failing check without the live tag, or with this one, means: send it no work for now.</summary>
    public const string Ready = "ready";
}
