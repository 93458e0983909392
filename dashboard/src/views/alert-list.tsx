import { useSignal } from '@preact/signals';
import type { Alert, AlertType, Severity } from '../api/types';
import { age, capital, count } from '../format';
import { noFilter, select, type AlertFilter } from '../state/alerts';
import { vehicleHref } from '../state/router';
import { alertsChanged, figuresChanged, fleet, now } from '../state/store';
import { Acknowledge } from './acknowledge';
import { FleetAlerts } from './fleet-alerts';
import { ShareStrip } from './shares';

const types: AlertType[] = ['engine', 'cooling', 'fuel', 'electrical', 'battery', 'tyres', 'brakes', 'sensor'];
const shown = 200;

/** The live list of alerts, the newest first. */
export function AlertList() {
  const filter = useSignal<AlertFilter>(noFilter);
  const asked = useSignal<Alert | undefined>(undefined);
  void alertsChanged.value;
  void figuresChanged.value;
  const together = (fleet.figures?.fleetAlerts.length ?? 0) > 0;
  const found = select(fleet.alerts.values(), filter.value);
  return (
    <aside class="alerts" aria-label="Alerts">
      <div class="alerts-head">
        <h2>
          Alerts <span class="muted">{count(found.length)}</span>
        </h2>
        <Filters value={filter.value} onChange={(changed) => (filter.value = { ...filter.value, ...changed })} />
      </div>
      <FleetAlerts />
      <ol class="alert-list" aria-live="off">
        {found.slice(0, shown).map((alert) => (
          <AlertRow key={alert.id} alert={alert} onAcknowledge={() => (asked.value = alert)} />
        ))}
      </ol>
      {found.length === 0 && <p class="empty">{filter.value !== noFilter ? 'No alert fits the filter.' : together ? 'No other open alerts.' : 'No open alerts.'}</p>}
      {found.length > shown && <p class="empty">{count(found.length - shown)} older ones fit too: narrow the filter to see them.</p>}
      {asked.value && <Acknowledge alert={asked.value} onClose={() => (asked.value = undefined)} />}
    </aside>
  );
}

function AlertRow({ alert, onAcknowledge }: { alert: Alert; onAcknowledge: () => void }) {
  const cleared = alert.status === 'cleared';
  return (
    <li class={`alert ${alert.severity} ${cleared ? 'is-cleared' : ''}`} data-testid="alert-row" data-alert-id={alert.id} data-vin={alert.vin} data-severity={alert.severity}>
      <a class="alert-link" href={vehicleHref(alert.vin)}>
        <span class="alert-top">
          <span class={`badge ${alert.severity}`}>{alert.severity}</span>
          <b>{capital(alert.type)}</b>
          <Age at={cleared ? (alert.clearedAt ?? alert.lastSeenAt) : alert.raisedAt} cleared={cleared} />
        </span>
        <span class="alert-vin">
          {alert.vin} <span class="muted">{alert.profile}</span>
        </span>
        <ShareStrip contributions={alert.contributions} score={alert.score} />
      </a>
      {alert.acknowledged ? (
        <span class="alert-side acknowledged" title={alert.acknowledged.comment || 'acknowledged'}>
          ✓ {alert.acknowledged.by}
        </span>
      ) : (
        !cleared && (
          <button
            type="button"
            class="alert-side quiet-button"
            onClick={onAcknowledge}
            aria-label={`Acknowledge the ${alert.severity} ${alert.type} alert of ${alert.vin}`}
          >
            Acknowledge
          </button>
        )
      )}
    </li>
  );
}

function Age({ at, cleared }: { at: string; cleared: boolean }) {
  return (
    <time class="age" dateTime={at} title={new Date(at).toLocaleString('en-GB')}>
      {cleared && 'cleared '}
      {age(now.value - Date.parse(at))} ago
    </time>
  );
}

function Filters({ value, onChange }: { value: AlertFilter; onChange: (changed: Partial<AlertFilter>) => void }) {
  return (
    <form class="filters" onSubmit={(e) => e.preventDefault()} aria-label="Which alerts">
      <select aria-label="Status" value={value.status} onChange={(e) => onChange({ status: e.currentTarget.value as AlertFilter['status'] })}>
        <option value="active">Open</option>
        <option value="cleared">Cleared</option>
        <option value="all">Open and cleared</option>
      </select>
      <select aria-label="Severity" value={value.atLeast} onChange={(e) => onChange({ atLeast: e.currentTarget.value as Severity })}>
        <option value="warning">Any severity</option>
        <option value="minor">Minor and worse</option>
        <option value="major">Major and worse</option>
        <option value="critical">Critical only</option>
      </select>
      <select aria-label="Type" value={value.type} onChange={(e) => onChange({ type: e.currentTarget.value as AlertFilter['type'] })}>
        <option value="all">Any type</option>
        {types.map((type) => (
          <option key={type} value={type}>
            {capital(type)}
          </option>
        ))}
      </select>
      <input type="search" placeholder="Vehicle" aria-label="Vehicle" value={value.vin} onInput={(e) => onChange({ vin: e.currentTarget.value })} />
      <label class="check">
        <input type="checkbox" checked={value.unacknowledged} onChange={(e) => onChange({ unacknowledged: e.currentTarget.checked })} />
        not acknowledged
      </label>
    </form>
  );
}

