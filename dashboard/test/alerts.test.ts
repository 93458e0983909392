import { describe, expect, it } from 'vitest';
import { noFilter, partsOf, select } from '../src/state/alerts';
import { alert } from './samples';

const all = [
  alert('old', { raisedAt: '2026-01-01T00:00:00+00:00', severity: 'critical' }),
  alert('new', { raisedAt: '2026-01-01T00:05:00+00:00', severity: 'minor', vin: 'WVW77' }),
  alert('gone', { raisedAt: '2026-01-01T00:03:00+00:00', status: 'cleared', type: 'tyres' }),
  alert('seen', {
    raisedAt: '2026-01-01T00:01:00+00:00',
    severity: 'major',
    acknowledged: { kind: 'acknowledged', by: 'Ann', comment: '', at: '2026-01-01T00:02:00+00:00', offset: 0 },
  }),
];

const ids = (filter: Partial<typeof noFilter>) => select(all, { ...noFilter, ...filter }).map((a) => a.id);

describe('the alert list', () => {
  it('shows open alerts, the newest first', () => expect(ids({})).toEqual(['new', 'seen', 'old']));
  it('shows cleared ones when asked', () => expect(ids({ status: 'cleared' })).toEqual(['gone']));
  it('takes a severity and worse', () => expect(ids({ atLeast: 'major' })).toEqual(['seen', 'old']));
  it('takes a type', () => expect(ids({ status: 'all', type: 'tyres' })).toEqual(['gone']));
  it('finds a vehicle by a part of its id, whatever the case', () => expect(ids({ vin: ' wvw' })).toEqual(['new']));
  it('leaves out what was acknowledged', () => expect(ids({ unacknowledged: true })).toEqual(['new', 'old']));
  it('leaves out what an alert of the fleet stands for, and finds it there, the worst first', () => {
    const parts = [alert('a', { fleetAlertId: 'f' }), alert('b', { fleetAlertId: 'f', severity: 'critical' }), alert('c', { fleetAlertId: 'g' }), alert('d', { fleetAlertId: 'f', status: 'cleared' })];
    expect(select([...all, ...parts], { ...noFilter, status: 'all' }).length).toBe(all.length);
    expect(partsOf('f', [...all, ...parts]).map((a) => a.id)).toEqual(['b', 'a']);
  });
});
