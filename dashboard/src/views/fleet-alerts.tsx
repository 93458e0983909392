import type { FleetAlert } from '../api/types';
import { age, capital, count } from '../format';
import { partsOf } from '../state/alerts';
import { what } from '../state/fleet-alerts';
import { vehicleHref } from '../state/router';
import { alertsChanged, figuresChanged, fleet, now } from '../state/store';

const shown = 100;

/** What many vehicles have in common that are odd, silent or unreadable now; nothing while there is none. */
export function FleetAlerts() {
  void figuresChanged.value;
  const open = fleet.figures?.fleetAlerts ?? [];
  if (open.length === 0) return null;
  return (
    <ul class="fleet-alerts" aria-label="Alerts about the fleet" role="status">
      {open.map((alert) => (
        <li key={alert.id} class="fleet-alert" data-testid="fleet-alert" data-alert-id={alert.id}>
          <b>
            {capital(alert.dimension)} {alert.value}
          </b>{' '}
          {what(alert)}
          <time class="age" dateTime={alert.raisedAt} title={new Date(alert.raisedAt).toLocaleString('en-GB')}>
            {age(now.value - Date.parse(alert.raisedAt))} ago
          </time>
          {alert.vehicles > 0 && <Parts alert={alert} />}
        </li>
      ))}
    </ul>
  );
}

/** The vehicles' own alerts, folded under the one that stands for them. */
function Parts({ alert }: { alert: FleetAlert }) {
  void alertsChanged.value;
  const parts = partsOf(alert.id, fleet.alerts.values());
  return (
    <details class="fleet-parts" data-testid="fleet-parts">
      <summary>
        {count(alert.vehicles)} {alert.vehicles === 1 ? 'vehicle' : 'vehicles'}, {count(alert.openAlerts)} open
      </summary>
      <ul>
        {parts.slice(0, shown).map((part) => (
          <li key={part.id} data-testid="fleet-part" data-vin={part.vin}>
            <span class={`badge ${part.severity}`}>{part.severity}</span> <a href={vehicleHref(part.vin)}>{part.vin}</a>{' '}
            <span class="muted">{capital(part.type)}</span>
          </li>
        ))}
        {parts.length > shown && <li class="muted">and {count(parts.length - shown)} more</li>}
      </ul>
    </details>
  );
}
