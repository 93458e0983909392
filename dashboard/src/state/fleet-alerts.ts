import type { FleetAlert } from '../api/types';
import { count, percent, value } from '../format';

/** What is off, in a sentence. */
export function what(alert: FleetAlert): string {
  switch (alert.measure) {
    case 'meanScore':
      return `is odd: mean score ${value(alert.observed)} instead of ${value(alert.expected)}, ${count(alert.odd)} of ${count(alert.batches)} messages a minute`;
    case 'messageRate':
      return `sends ${value(alert.observed)} messages a minute instead of ${value(alert.expected)}`;
    case 'deadLetterRate':
      return `cannot be read: ${percent(alert.observed)} of its messages instead of ${percent(alert.expected)}`;
  }
}
