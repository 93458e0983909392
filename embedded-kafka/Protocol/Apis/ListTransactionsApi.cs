using System.Text.RegularExpressions;
using Kappa.Iot.Embedded.Transactions;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>All transactional ids, or those in some states, of some producers, or open for long.</summary>
internal static class ListTransactionsApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var states = request.StringArray();
        var producers = request.Array(static r => r.Int64());
        var minDuration = call.Version >= 1 ? request.Int64() : -1;
        var pattern = call.Version >= 2 ? request.NullableString() : null;
        var error = ErrorCode.None;
        Regex? regex = null;
        try
        {
            regex = string.IsNullOrEmpty(pattern) ? null : new Regex($"^(?:{pattern})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            error = ErrorCode.InvalidRegularExpression;
        }

        var now = call.Broker.Options.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var found = error != ErrorCode.None ? [] : call.Broker.Transactions.All
            .Select(t => (t.Id, t.Status))
            .Where(t => states.Length == 0 || states.Contains(t.Status.State.ToString()))
            .Where(t => producers.Length == 0 || producers.Contains(t.Status.ProducerId))
            .Where(t => minDuration < 0 || (t.Status.StartedAt >= 0 && now - t.Status.StartedAt > minDuration))
            .Where(t => regex?.IsMatch(t.Id) ?? true)
            .OrderBy(t => t.Id, StringComparer.Ordinal).ToList();

        response.Int32(0);
        response.Error(error);
        response.Array(states.Where(s => !Enum.TryParse<TransactionState>(s, out _)).ToList(), static (w, s) => w.String(s));
        response.Array(found, static (w, transaction) =>
        {
            w.String(transaction.Id);
            w.Int64(transaction.Status.ProducerId);
            w.String(transaction.Status.State.ToString());
            w.Tags();
        });
        response.Tags();
    }
}
