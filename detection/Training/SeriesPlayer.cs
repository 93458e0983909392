using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>Plays a vehicle's batches through a window as the scorer would.</summary>
internal static class SeriesPlayer
{
    /// <summary>Calls for every completed step, with its number; the call must push residuals, as a detector does.</summary>
    public static void Play(VehicleSeries vehicle, VehicleWindow window, Action<VehicleWindow, int> onStep, Action<int, int>? beforeBatch = null)
    {
        var step = 0;
        ulong? boot = null;
        for (var b = 0; b < vehicle.Batches.Count; b++)
        {
            var batch = vehicle.Batches[b];
            if (boot is not null && boot != batch.BootId) window.Restart();
            boot = batch.BootId;
            beforeBatch?.Invoke(b, step);
            for (var position = 0; window.Advance(batch, ref position);) onStep(window, step++);
        }
    }
}
