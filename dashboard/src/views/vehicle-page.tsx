import { useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, getVehicle } from '../api/rest';
import type { Alert, LiveVehicle, VehicleDocument } from '../api/types';
import { FleetMap } from '../map/fleet-map';
import { age, capital, clock, dateTime, speed, withUnit } from '../format';
import { History } from '../state/history';
import { alertsChanged, fleet, live, now } from '../state/store';
import { Acknowledge } from './acknowledge';
import { Chart } from './chart';
import { Explanation } from './shares';

/** Shown as text or on the map, not as a chart. */
const notCharted = /CurrentLocation|TraveledDistance|FirmwareVersion/;

/** One vehicle: why it has alerts, its score and signals live, its twin. */
export function VehiclePage({ vin }: { vin: string }) {
  const history = useRef(new History());
  const [state, setState] = useState<LiveVehicle>();
  const [, setRevision] = useState(0);
  const [document, setDocument] = useState<VehicleDocument>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    const stop = live.vehicle(vin, (update) => {
      history.current.add(update.history, update.reset);
      if (update.state) setState(update.state);
      setRevision((r) => r + 1);
    });
    const abort = new AbortController();
    getVehicle(vin, abort.signal)
      .then(setDocument)
      .catch((e: unknown) => {
        if (!abort.signal.aborted) setProblem(e instanceof ApiError ? e.message : String(e));
      });
    return () => {
      abort.abort();
      stop();
    };
  }, [vin]);

  void alertsChanged.value;
  const open = fleet.openAlerts(vin);
  const cleared = [...fleet.alerts.values()].filter((a) => a.vin === vin && a.status === 'cleared').sort((a, b) => b.version - a.version);
  return (
    <div class="vehicle-page">
      <VehicleHead vin={vin} state={state ?? fleet.vehicles.get(vin)} profile={document?.profile} />
      {problem && !state && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {document?.twinProblem && <p class="problem">The twin store does not answer: {document.twinProblem} Live signals are not affected.</p>}
      {open.map((alert) => (
        <AlertCard key={alert.id} alert={alert} />
      ))}
      <Charts history={history.current} alerts={open} />
      {cleared.length > 0 && (
        <section class="card">
          <h3>Cleared lately</h3>
          {cleared.slice(0, 5).map((alert) => (
            <details key={alert.id}>
              <summary>
                <span class={`badge ${alert.severity}`}>{alert.severity}</span> {capital(alert.type)}, {clock(alert.raisedAt)} to {clock(alert.clearedAt ?? alert.lastSeenAt)}
              </summary>
              <Explanation alert={alert} />
            </details>
          ))}
        </section>
      )}
      <div class="twin-and-map">
        <TwinTable document={document} history={history.current} />
        {(state ?? fleet.vehicles.get(vin))?.latitude !== undefined && (
          <section class="card mini-map">
            <FleetMap selected={vin} />
          </section>
        )}
      </div>
    </div>
  );
}

function VehicleHead({ vin, state, profile }: { vin: string; state: LiveVehicle | undefined; profile: string | undefined }) {
  const worst = fleet.worst(vin);
  return (
    <div class="vehicle-head">
      <a href="#/" class="back" aria-label="Back to the map">
        ←
      </a>
      <h1 data-testid="vehicle-title">{vin}</h1>
      {worst ? <span class={`badge ${worst}`}>{worst}</span> : <span class="badge calm">no alert</span>}
      <span class="muted">{state?.profile ?? profile}</span>
      <span class="facts">
        <span>{state?.online === undefined ? 'never connected' : state.online ? 'online' : 'offline'}</span>
        {state?.speed !== undefined && <span>{speed(state.speed)}</span>}
        {state?.seenAt && <span title={dateTime(state.seenAt)}>heard {age(now.value - Date.parse(state.seenAt))} ago</span>}
        {state?.score !== undefined && (
          <span>
            score <b class={state.score >= 0.5 ? 'high' : ''}>{state.score.toFixed(2)}</b>
          </span>
        )}
      </span>
    </div>
  );
}

function AlertCard({ alert }: { alert: Alert }) {
  const asking = useSignal(false);
  return (
    <section class={`card alert-card ${alert.severity}`} data-testid="alert-card" aria-label={`${alert.severity} ${alert.type} alert`}>
      <div class="card-head">
        <h3>
          <span class={`badge ${alert.severity}`}>{alert.severity}</span> {capital(alert.type)}
        </h3>
        <span class="muted">
          since {clock(alert.raisedAt)} · highest score {alert.score.toFixed(2)} · model {alert.modelId}
        </span>
        {alert.acknowledged ? (
          <span class="acknowledged" title={alert.acknowledged.comment}>
            ✓ {alert.acknowledged.by}, {clock(alert.acknowledged.at)}
            {alert.acknowledged.comment && `: ${alert.acknowledged.comment}`}
          </span>
        ) : (
          <button type="button" class="quiet-button" onClick={() => (asking.value = true)}>
            Acknowledge
          </button>
        )}
      </div>
      <Explanation alert={alert} />
      <p class="source muted">
        From telemetry partition {alert.telemetry.partition}, offsets {alert.telemetry.firstOffset} to {alert.telemetry.lastOffset}.
      </p>
      {asking.value && <Acknowledge alert={alert} onClose={() => (asking.value = false)} />}
    </section>
  );
}

function Charts({ history, alerts }: { history: History; alerts: Alert[] }) {
  // What made an alert comes first, with what the model expected.
  const blamed = new Map(alerts.flatMap((a) => a.contributions.slice(0, 3)).map((c) => [c.signal, c]));
  const charted = [...history.series.values()].filter((s) => !notCharted.test(s.signal));
  charted.sort((a, b) => Number(blamed.has(b.signal)) - Number(blamed.has(a.signal)));
  return (
    <section aria-label="Signals of the last 15 minutes">
      <div class="charts">
        <div class="wide">
          <Chart
            label="Score"
            unit=""
            times={history.scores.map((s) => s.time)}
            values={history.scores.map((s) => s.value)}
            range={[0, 1]}
            line={{ at: 0.5, name: 'alert at' }}
            height={110}
            sync="vehicle"
          />
        </div>
        {charted.map((s) => {
          const expected = blamed.get(s.signal)?.expected;
          return (
            <Chart
              key={s.signal}
              label={s.label}
              unit={s.unit}
              times={history.times}
              values={s.values}
              emphasis={blamed.has(s.signal)}
              line={expected === undefined ? undefined : { at: expected, name: 'expected' }}
              sync="vehicle"
            />
          );
        })}
      </div>
      {charted.length === 0 && <p class="empty">No signals yet. They appear here as the vehicle sends them.</p>}
    </section>
  );
}

function TwinTable({ document, history }: { document: VehicleDocument | undefined; history: History }) {
  const rows = new Map<string, { label: string; unit: string; value: number | undefined }>();
  for (const { signal, label, unit, value } of document?.signals ?? []) rows.set(signal, { label, unit, value });
  for (const s of history.series.values()) rows.set(s.signal, { label: s.label, unit: s.unit, value: history.latest(s.signal) ?? rows.get(s.signal)?.value });
  const reported = document?.twin?.reported;
  return (
    <section class="card">
      <div class="card-head">
        <h3>Twin</h3>
        {reported && (
          <span class="muted">
            boot {reported.bootId}, batch {reported.sequence}, partition {reported.partition} at {reported.offset}
          </span>
        )}
      </div>
      <dl class="twin">
        {[...rows].map(([path, row]) => (
          <div key={path} title={path}>
            <dt>{row.label}</dt>
            <dd>{withUnit(row.value, row.unit)}</dd>
          </div>
        ))}
      </dl>
      {rows.size === 0 && <p class="empty">Nothing reported yet.</p>}
    </section>
  );
}
