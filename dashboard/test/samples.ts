import type { Alert, FleetUpdate, LiveVehicle, Severity, VehicleSignals } from '../src/api/types';

export function alert(id: string, change: Partial<Alert> = {}): Alert {
  return {
    id,
    vin: 'CAR-1',
    profile: 'combustion',
    type: 'cooling',
    status: 'active',
    severity: 'warning',
    raisedAt: '2026-01-01T00:00:00+00:00',
    lastSeenAt: '2026-01-01T00:00:00+00:00',
    score: 0.6,
    contributions: [],
    modelId: 'm1',
    telemetry: { partition: 0, firstOffset: 0, lastOffset: 0 },
    actions: [],
    version: 1,
    ...change,
  };
}

export const severe = (id: string, severity: Severity, version = 1) => alert(id, { severity, version });

export const vehicle = (vin: string, change: Partial<LiveVehicle> = {}): LiveVehicle => ({ vin, ...change });

export const update = (change: Partial<FleetUpdate> = {}): FleetUpdate => ({
  reset: false,
  cursor: { server: 's', alerts: 1, vehicles: 1 },
  ...change,
});

export function signals(times: number[], columns: Record<string, (number | null)[]>, scores: [number, number][] = []): VehicleSignals {
  return {
    vin: 'CAR-1',
    times,
    signals: Object.entries(columns).map(([signal, values]) => ({ signal, label: signal, unit: '', values })),
    scores: scores.map(([time, value]) => ({ time, value, modelId: 'm1', contributions: [] })),
  };
}
