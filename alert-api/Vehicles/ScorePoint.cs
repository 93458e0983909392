using System.ComponentModel;
using Kappa.Iot.AlertApi.Alerts;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>The score of one batch.</summary>
public sealed record ScorePoint(
    [property: Description("Event time of the batch's end, Unix milliseconds.")] long Time,
    [property: Description("0 (normal) to 1; 0.5 raises an alert.")] float Value,
    string ModelId,
    [property: Description("Which signals made it, largest share first.")] IReadOnlyList<SignalShare> Contributions);
