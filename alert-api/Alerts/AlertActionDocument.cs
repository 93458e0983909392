using System.ComponentModel;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>What a person did with an alert.</summary>
public sealed record AlertActionDocument(
    AlertActionKind Kind,
    string By,
    string Comment,
    DateTimeOffset At,
    [property: Description("Offset in the topic alert.actions.")] long Offset)
{
    internal static AlertActionDocument From(AlertAction action, long offset) => new(
        action.Kind, action.By, action.Comment,
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(action.AtMs, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())), offset);
}
