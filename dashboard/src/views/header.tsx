import { connection } from '../api/live';
import { count, value } from '../format';
import { severities } from '../state/fleet';
import { route } from '../state/router';
import { figuresChanged, fleet } from '../state/store';

const pages = [
  ['fleet', '#/', 'Map'],
  ['alerts', '#/alerts', 'Alerts'],
  ['vehicles', '#/vehicles', 'Vehicles'],
  ['models', '#/models', 'Models'],
] as const;

/** Name, pages, live figures, and whether they are live. */
export function Header() {
  void figuresChanged.value;
  const figures = fleet.figures;
  const at = route.value.page === 'vehicle' ? 'vehicles' : route.value.page;
  return (
    <header class="header">
      <a class="brand" href="#/">
        <Mark /> Kappa.Iot
      </a>
      <nav class="nav" aria-label="Pages">
        {pages.map(([page, href, name]) => (
          <a key={page} href={href} class={`to-${page}`} aria-current={at === page ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <dl class="figures">
        <div class="figure">
          <dt>Vehicles</dt>
          <dd data-testid="vehicle-count">{figures ? count(figures.vehicles) : '–'}</dd>
        </div>
        <div class="figure">
          <dt>Online</dt>
          <dd data-testid="online-count">{figures ? count(figures.online) : '–'}</dd>
        </div>
        <div class="figure" title="Telemetry messages and samples a second, over the last ten seconds">
          <dt>Messages/s</dt>
          <dd>
            {figures ? value(figures.messagesPerSecond) : '–'}
            {figures && <small> {value(figures.samplesPerSecond)} samples/s</small>}
          </dd>
        </div>
        <div class="figure">
          <dt>Open alerts</dt>
          <dd class="by-severity">
            {severities.map((severity) => (
              <span key={severity} class={`count ${severity}`} title={`${severity} alerts that are open`}>
                <i class={`dot ${severity}`} />
                {figures ? count(figures.openAlerts[severity]) : '–'}
                <span class="sr"> {severity}</span>
              </span>
            ))}
          </dd>
        </div>
      </dl>
      <ConnectionState />
    </header>
  );
}

function ConnectionState() {
  const log = fleet.figures?.log;
  const [kind, text] =
    connection.value === 'lost'
      ? ['lost', 'Connection lost, reconnecting…']
      : connection.value === 'connecting'
        ? ['wait', 'Connecting…']
        : log === 'away'
          ? ['lost', 'The log does not answer']
          : log === 'catching-up'
            ? ['wait', 'Catching up…']
            : ['live', 'Live'];
  return (
    <div class={`connection ${kind}`} role="status" data-testid="connection" data-state={kind} title={text}>
      <i /> <span>{text}</span>
    </div>
  );
}

const Mark = () => (
  <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="7" fill="var(--accent)" />
    <path d="M10 7v18M22 8 10.5 17.5M14.5 14.5 22.5 25" stroke="#fff" stroke-width="3.2" stroke-linecap="round" fill="none" />
  </svg>
);
