import type { Alert, FleetFigures, FleetUpdate, LiveVehicle, Severity } from '../api/types';

export const severities: readonly Severity[] = ['critical', 'major', 'minor', 'warning'];

/** Higher is worse; 0 is none. */
export const rank = (severity: Severity | undefined): number => (severity ? 4 - severities.indexOf(severity) : 0);

/** Cleared alerts that the page keeps. */
const maxCleared = 500;

/** Positions kept of a vehicle's way, for the map. */
const maxTrail = 40;

/** The fleet as the page knows it: a fold of the updates, the same whatever the way they were cut. */
export class Fleet {
  readonly vehicles = new Map<string, LiveVehicle>();
  readonly alerts = new Map<string, Alert>();
  /** Where a vehicle has been, as latitude, longitude, latitude, … */
  readonly trails = new Map<string, number[]>();
  figures: FleetFigures | undefined;
  private readonly openByVin = new Map<string, Map<string, Alert>>();

  /** @returns what changed */
  apply(update: FleetUpdate): { alerts: boolean; vehicles: boolean; figures: boolean } {
    if (update.reset) {
      this.vehicles.clear();
      this.alerts.clear();
      this.openByVin.clear();
    }
    let alerts = update.reset;
    for (const alert of update.alerts ?? []) alerts = this.put(alert) || alerts;
    if (alerts) this.trim();
    for (const vehicle of update.vehicles ?? []) this.move(vehicle);
    if (update.figures) this.figures = update.figures;
    return {
      alerts,
      vehicles: update.reset || (update.vehicles?.length ?? 0) > 0,
      figures: update.figures !== undefined,
    };
  }

  /** Takes an alert that came another way, such as the answer to an acknowledgement. */
  put(alert: Alert): boolean {
    const known = this.alerts.get(alert.id);
    if (known && known.version >= alert.version) return false;
    this.alerts.set(alert.id, alert);
    let open = this.openByVin.get(alert.vin);
    if (alert.status === 'active') {
      if (!open) this.openByVin.set(alert.vin, (open = new Map()));
      open.set(alert.id, alert);
    } else if (open) {
      open.delete(alert.id);
      if (open.size === 0) this.openByVin.delete(alert.vin);
    }
    return true;
  }

  openAlerts(vin: string): Alert[] {
    return [...(this.openByVin.get(vin)?.values() ?? [])].sort((a, b) => rank(b.severity) - rank(a.severity));
  }

  worst(vin: string): Severity | undefined {
    let worst: Severity | undefined;
    for (const alert of this.openByVin.get(vin)?.values() ?? []) if (rank(alert.severity) > rank(worst)) worst = alert.severity;
    return worst;
  }

  private move(vehicle: LiveVehicle): void {
    this.vehicles.set(vehicle.vin, vehicle);
    const { latitude, longitude } = vehicle;
    if (latitude === undefined || longitude === undefined) return;
    let trail = this.trails.get(vehicle.vin);
    if (!trail) this.trails.set(vehicle.vin, (trail = []));
    if (trail.at(-2) === latitude && trail.at(-1) === longitude) return;
    trail.push(latitude, longitude);
    if (trail.length > 2 * maxTrail) trail.splice(0, trail.length - 2 * maxTrail);
  }

  private trim(): void {
    if (this.alerts.size <= maxCleared) return;
    const cleared = [...this.alerts.values()].filter((a) => a.status === 'cleared');
    if (cleared.length <= maxCleared) return;
    cleared.sort((a, b) => a.version - b.version);
    for (const alert of cleared.slice(0, cleared.length - maxCleared)) this.alerts.delete(alert.id);
  }
}
