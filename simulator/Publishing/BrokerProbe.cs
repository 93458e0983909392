using System.Net.Sockets;

namespace Kappa.Iot.Simulator.Publishing;

/// <summary>Finds out whether anything listens at the broker's address before a fleet is sent there.</summary>
public static class BrokerProbe
{
    /// <summary>Tries for <paramref name="patience"/>.</summary>
    /// <returns>Null once somebody answers, else why nobody did.</returns>
    public static async Task<string?> WaitAsync(BrokerOptions broker, TimeSpan patience, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(patience);
        var tries = 0;
        var last = "no answer";
        while (true)
        {
            tries++;
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(broker.Host, broker.Port, deadline.Token);
                return null;
            }
            catch (SocketException e)
            {
                last = e.Message;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return Unreachable(broker, tries, patience, last);
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), deadline.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return Unreachable(broker, tries, patience, last);
            }
        }
    }

    private static string Unreachable(BrokerOptions broker, int tries, TimeSpan patience, string last) =>
        $"The MQTT broker at {broker} cannot be reached ({last}; {tries} tries in {patience.TotalSeconds:0.#} s). Is the gateway running? Give its address with --broker HOST:PORT.";
}
