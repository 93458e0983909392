import { signal } from '@preact/signals';
import { Live } from '../api/live';
import { Fleet } from './fleet';

/** What the page knows, and a counter each for what changed, which views watch. */
export const fleet = new Fleet();
export const alertsChanged = signal(0);
export const vehiclesChanged = signal(0);
export const figuresChanged = signal(0);

/** Rises once a second, for ages. */
export const now = signal(Date.now());

export const live = new Live();

export function startStore(): void {
  live.fleet((update) => {
    const changed = fleet.apply(update);
    if (changed.alerts) alertsChanged.value++;
    if (changed.vehicles) vehiclesChanged.value++;
    if (changed.figures) figuresChanged.value++;
  });
  void live.start();
  setInterval(() => (now.value = Date.now()), 1_000);
}
