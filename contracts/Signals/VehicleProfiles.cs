namespace Kappa.Iot.Contracts;

/// <summary>The kinds of vehicle the platform knows out of the box. A vehicle may name any other profile: it is stored, and scored once a model for it is promoted.</summary>
public static class VehicleProfiles
{
    /// <summary>A simulated car with a combustion engine.</summary>
    public const string Combustion = "combustion";

    /// <summary>A simulated electric car.</summary>
    public const string Electric = "electric";

    /// <summary>A recorded trace of OBD values.</summary>
    public const string Obd = "obd";

    /// <summary>The 18 signals of the article's car sensor data.</summary>
    public const string Article = "article";
}
