using System.ComponentModel;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>The last value of a signal.</summary>
public sealed record SignalValue(
    [property: Description("VSS path.")] string Signal,
    string Label,
    string Unit,
    double Value,
    [property: Description("Event time of the value; null where it is not known.")] DateTimeOffset? Time)
{
    internal static IReadOnlyList<SignalValue> From(TwinReported reported) =>
    [
        .. reported.Signals
            .Select(value => (value.Key, value.Value, Signal: SignalCatalogue.Find(value.Key)))
            .OrderBy(value => value.Signal?.Id ?? uint.MaxValue)
            .Select(value => new SignalValue(
                value.Key, value.Signal?.Label ?? value.Key, value.Signal?.Unit ?? "", value.Value,
                reported.SignalTimes.TryGetValue(value.Key, out var time) ? time : null)),
    ];
}
