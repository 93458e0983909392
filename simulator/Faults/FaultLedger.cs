using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Fleet;
using Kappa.Iot.Simulator.Physics;
using VehicleState = Kappa.Iot.Simulator.Physics.VehicleState;

namespace Kappa.Iot.Simulator.Faults;

/// <summary>
/// Counts faults and writes the truth file: a JSON line when a fault begins (<c>to_ms</c> null) and one when it has ended. Each line is
/// on its way to the disk before the vehicle's first batch with the fault is sent.
/// </summary>
public sealed class FaultLedger : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream? _file;
    private readonly HashSet<(string Vin, long FromMs)> _begun = [], _ended = [];
    private readonly Dictionary<string, InjectedFault> _active = [];
    private int _injected;

    /// <param name="path">Truth file, appended to; null to only count.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public FaultLedger(string? path)
    {
        if (path is null) return;
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        if (File.Exists(path)) ReadBack(path);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    /// <summary>Faults that have begun, over all lives of the simulator.</summary>
    public int Injected => Volatile.Read(ref _injected);

    /// <summary>Faults that are there now.</summary>
    public int Active
    {
        get { lock (_lock) return _active.Count; }
    }

    /// <summary>Takes over what a vehicle had when an earlier life of the simulator ended, and completes the file where that life could not.</summary>
    internal void Resume(VehicleIdentity vehicle, in VehicleState state)
    {
        if (state.FaultsInjected == 0) return;
        Interlocked.Add(ref _injected, state.FaultsInjected);
        var line = Line(vehicle, state, null);
        lock (_lock)
        {
            if (_begun.Add((line.Vin, line.FromMs))) Write(line);
            _active[line.Vin] = line;
        }

        if (state.NextSampleMs >= state.FaultUntilMs) Ended(vehicle, state);
    }

    internal void Begun(VehicleIdentity vehicle, in VehicleState state)
    {
        Interlocked.Increment(ref _injected);
        var line = Line(vehicle, state, null);
        lock (_lock)
        {
            _begun.Add((line.Vin, line.FromMs));
            _active[line.Vin] = line;
            Write(line);
        }
    }

    internal void Ended(VehicleIdentity vehicle, in VehicleState state) => End(Line(vehicle, state, state.FaultUntilMs));

    /// <summary>The fleet stops for good: what is still broken ends with its vehicle's last sample.</summary>
    internal void EndAll(Func<string, long> lastSampleMs)
    {
        InjectedFault[] open;
        lock (_lock) open = [.. _active.Values];
        foreach (var line in open) End(line with { ToMs = Math.Max(line.FromMs, lastSampleMs(line.Vin)) });
    }

    public void Dispose() => _file?.Dispose();

    private void End(InjectedFault line)
    {
        lock (_lock)
        {
            _active.Remove(line.Vin);
            if (_ended.Add((line.Vin, line.FromMs))) Write(line);
        }
    }

    private void Write(InjectedFault line)
    {
        if (_file is null) return;
        _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, Terminal.Json.Lines), (byte)'\n']);
        _file.Flush();
    }

    private void ReadBack(string path)
    {
        var number = 0;
        foreach (var text in File.ReadLines(path))
        {
            number++;
            InjectedFault line;
            try
            {
                line = InjectedFault.Parse(text);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}, line {number}: not a line of a truth file ({e.Message}). Give another file to --truth.", e);
            }

            (line.ToMs is null ? _begun : _ended).Add((line.Vin, line.FromMs));
        }
    }

    private static InjectedFault Line(VehicleIdentity vehicle, in VehicleState s, long? to) =>
        new(vehicle.Vin, FaultNames.Of(s.Fault), s.FaultFromMs, to, Math.Round(s.FaultSeverity, 3));
}
