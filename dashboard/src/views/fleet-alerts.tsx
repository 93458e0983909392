import { age, capital } from '../format';
import { what } from '../state/fleet-alerts';
import { figuresChanged, fleet, now } from '../state/store';

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
        </li>
      ))}
    </ul>
  );
}
