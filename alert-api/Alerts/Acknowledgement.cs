using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>Who acknowledges an alert, and what they have to say.</summary>
public sealed record Acknowledgement(
    [property: Required, Description("Name of the person, 1 to 100 characters.")] string? By,
    [property: Description("Up to 1000 characters.")] string? Comment)
{
    internal const int MaxName = 100;
    internal const int MaxComment = 1000;

    internal Dictionary<string, string[]> Errors()
    {
        var errors = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(By) || By.Length > MaxName) errors["by"] = [$"Say who acknowledges: 1 to {MaxName} characters."];
        if (Comment?.Length > MaxComment) errors["comment"] = [$"The comment has {Comment.Length} characters; {MaxComment} is the most."];
        return errors;
    }
}
