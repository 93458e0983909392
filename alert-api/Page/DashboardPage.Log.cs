namespace Kappa.Iot.AlertApi.Page;

internal static partial class DashboardPageLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The dashboard is not built: install Node.js 20.19 or later and build alert-api again. The API works without it")]
    public static partial void NoDashboard(this ILogger logger);
}
