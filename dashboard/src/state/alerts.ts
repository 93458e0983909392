import type { Alert, AlertType, Severity } from '../api/types';
import { rank } from './fleet';

export interface AlertFilter {
  status: 'active' | 'cleared' | 'all';
  /** This severity and worse. */
  atLeast: Severity;
  type: AlertType | 'all';
  /** Part of a vehicle id. */
  vin: string;
  unacknowledged: boolean;
}

export const noFilter: AlertFilter = { status: 'active', atLeast: 'warning', type: 'all', vin: '', unacknowledged: false };

/** The alerts that fit, the newest first. Those that are part of one of the fleet's are not news of their own: it stands for them. */
export function select(alerts: Iterable<Alert>, filter: AlertFilter): Alert[] {
  const vin = filter.vin.trim().toLowerCase();
  const found: Alert[] = [];
  for (const alert of alerts) {
    if (alert.fleetAlertId) continue;
    if (filter.status !== 'all' && alert.status !== filter.status) continue;
    if (rank(alert.severity) < rank(filter.atLeast)) continue;
    if (filter.type !== 'all' && alert.type !== filter.type) continue;
    if (vin && !alert.vin.toLowerCase().includes(vin)) continue;
    if (filter.unacknowledged && alert.acknowledged) continue;
    found.push(alert);
  }
  return found.sort(newestFirst);
}

/** The open alerts that are part of one of the fleet's, the worst first. */
export function partsOf(fleetAlertId: string, alerts: Iterable<Alert>): Alert[] {
  const found: Alert[] = [];
  for (const alert of alerts) if (alert.fleetAlertId === fleetAlertId && alert.status === 'active') found.push(alert);
  return found.sort((a, b) => rank(b.severity) - rank(a.severity) || newestFirst(a, b));
}

const newestFirst = (a: Alert, b: Alert): number => Date.parse(b.raisedAt) - Date.parse(a.raisedAt) || (a.id < b.id ? 1 : -1);
