import { describe, expect, it } from 'vitest';
import type { FleetAlert } from '../src/api/types';
import { what } from '../src/state/fleet-alerts';

const alert = (measure: FleetAlert['measure'], observed: number, expected: number): FleetAlert => ({
  id: 'f',
  dimension: 'firmware',
  value: '2001',
  measure,
  status: 'active',
  raisedAt: '2026-01-01T00:00:00+00:00',
  lastSeenAt: '2026-01-01T00:00:00+00:00',
  observed,
  expected,
  batches: 6000,
  odd: 4100,
  vehicles: 700,
  openAlerts: 650,
});

describe('an alert about the fleet', () => {
  it('says what is off, and what it should be', () => {
    expect(what(alert('meanScore', 0.61, 0.02))).toBe('is odd: mean score 0.61 instead of 0.02, 4,100 of 6,000 messages a minute');
    expect(what(alert('messageRate', 12, 600))).toBe('sends 12 messages a minute instead of 600');
    expect(what(alert('deadLetterRate', 0.4, 0))).toBe('cannot be read: 40 % of its messages instead of 0 %');
  });
});
