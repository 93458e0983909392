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

/** The alerts that fit, the newest first. */
export function select(alerts: Iterable<Alert>, filter: AlertFilter): Alert[] {
  const vin = filter.vin.trim().toLowerCase();
  const found: Alert[] = [];
  for (const alert of alerts) {
    if (filter.status !== 'all' && alert.status !== filter.status) continue;
    if (rank(alert.severity) < rank(filter.atLeast)) continue;
    if (filter.type !== 'all' && alert.type !== filter.type) continue;
    if (vin && !alert.vin.toLowerCase().includes(vin)) continue;
    if (filter.unacknowledged && alert.acknowledged) continue;
    found.push(alert);
  }
  return found.sort((a, b) => Date.parse(b.raisedAt) - Date.parse(a.raisedAt) || (a.id < b.id ? 1 : -1));
}
