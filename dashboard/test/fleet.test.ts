import { describe, expect, it } from 'vitest';
import { Fleet, rank } from '../src/state/fleet';
import { alert, severe, update, vehicle } from './samples';

describe('the fleet', () => {
  it('keeps the newer of two copies of an alert, whichever comes first', () => {
    const fleet = new Fleet();
    fleet.apply(update({ alerts: [severe('a', 'critical', 5)] }));
    const changed = fleet.apply(update({ alerts: [severe('a', 'warning', 4)] }));
    expect(changed.alerts).toBe(false);
    expect(fleet.alerts.get('a')?.severity).toBe('critical');
  });

  it('shows the worst of the open alerts of a vehicle, and none once all are cleared', () => {
    const fleet = new Fleet();
    fleet.apply(update({ alerts: [severe('a', 'minor'), severe('b', 'major')] }));
    expect(fleet.worst('CAR-1')).toBe('major');
    expect(fleet.openAlerts('CAR-1').map((a) => a.id)).toEqual(['b', 'a']);
    fleet.apply(update({ alerts: [alert('b', { status: 'cleared', version: 2 })] }));
    expect(fleet.worst('CAR-1')).toBe('minor');
    fleet.apply(update({ alerts: [alert('a', { status: 'cleared', version: 3 })] }));
    expect(fleet.worst('CAR-1')).toBeUndefined();
  });

  it('forgets everything on a reset, so that a server that was restarted is believed', () => {
    const fleet = new Fleet();
    fleet.apply(update({ alerts: [severe('a', 'major', 90)], vehicles: [vehicle('CAR-1'), vehicle('CAR-2')] }));
    fleet.apply(update({ reset: true, alerts: [severe('b', 'minor', 1)], vehicles: [vehicle('CAR-2')] }));
    expect([...fleet.alerts.keys()]).toEqual(['b']);
    expect([...fleet.vehicles.keys()]).toEqual(['CAR-2']);
    expect(fleet.worst('CAR-1')).toBe('minor');
  });

  it('says what changed, so that views draw only what they must', () => {
    const fleet = new Fleet();
    expect(fleet.apply(update({ vehicles: [vehicle('CAR-1')] }))).toEqual({ alerts: false, vehicles: true, figures: false });
    expect(fleet.apply(update())).toEqual({ alerts: false, vehicles: false, figures: false });
  });

  it('keeps where a vehicle has been, without repeats and within bounds', () => {
    const fleet = new Fleet();
    for (let i = 0; i < 100; i++) {
      fleet.apply(update({ vehicles: [vehicle('CAR-1', { latitude: i, longitude: 1 })] }));
      fleet.apply(update({ vehicles: [vehicle('CAR-1', { latitude: i, longitude: 1, speed: 3 })] }));
    }
    const trail = fleet.trails.get('CAR-1')!;
    expect(trail.length).toBe(80);
    expect(trail.slice(-4)).toEqual([98, 1, 99, 1]);
  });

  it('drops the oldest cleared alerts, never an open one', () => {
    const fleet = new Fleet();
    fleet.apply(update({ alerts: [severe('open', 'minor', 1)] }));
    for (let i = 2; i < 700; i++) fleet.apply(update({ alerts: [alert(`c${i}`, { status: 'cleared', version: i })] }));
    expect(fleet.alerts.has('open')).toBe(true);
    expect(fleet.alerts.size).toBe(501);
    expect(fleet.alerts.has('c699')).toBe(true);
  });

  it('ranks severities', () => {
    expect([rank('critical'), rank('major'), rank('minor'), rank('warning'), rank(undefined)]).toEqual([4, 3, 2, 1, 0]);
  });
});
