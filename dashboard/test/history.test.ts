import { describe, expect, it } from 'vitest';
import { History, windowMs } from '../src/state/history';
import { signals } from './samples';

describe("a vehicle's history", () => {
  it('puts batches behind each other on one time axis', () => {
    const history = new History();
    history.add(signals([1000, 2000], { speed: [1, 2] }), true);
    history.add(signals([3000], { speed: [3] }), false);
    expect(history.times).toEqual([1000, 2000, 3000]);
    expect(history.series.get('speed')?.values).toEqual([1, 2, 3]);
  });

  it('leaves gaps where a signal was missing, at the start and at the end', () => {
    const history = new History();
    history.add(signals([1000], { speed: [1] }), true);
    history.add(signals([2000], { load: [9] }), false);
    expect(history.series.get('speed')?.values).toEqual([1, null]);
    expect(history.series.get('load')?.values).toEqual([null, 9]);
    expect(history.latest('speed')).toBe(1);
  });

  it('takes nothing twice: after a break the server sends what the page has', () => {
    const history = new History();
    history.add(signals([1000, 2000], { speed: [1, 2] }, [[2000, 0.1]]), true);
    history.add(signals([2000, 3000], { speed: [2, 3] }, [[2000, 0.1], [3000, 0.2]]), false);
    expect(history.times).toEqual([1000, 2000, 3000]);
    expect(history.series.get('speed')?.values).toEqual([1, 2, 3]);
    expect(history.scores.map((s) => s.time)).toEqual([2000, 3000]);
  });

  it('begins anew on a reset', () => {
    const history = new History();
    history.add(signals([1000], { speed: [1] }, [[1000, 0.4]]), true);
    history.add(signals([500], { load: [2] }), true);
    expect(history.times).toEqual([500]);
    expect([...history.series.keys()]).toEqual(['load']);
    expect(history.scores).toEqual([]);
  });

  it('forgets what is older than its window', () => {
    const history = new History();
    history.add(signals([0, 1000, 2000], { speed: [1, 2, 3] }, [[0, 0.1], [2000, 0.2]]), true);
    history.add(signals([windowMs + 1500], { speed: [4] }, [[windowMs + 1500, 0.3]]), false);
    expect(history.times).toEqual([2000, windowMs + 1500]);
    expect(history.series.get('speed')?.values).toEqual([3, 4]);
    expect(history.scores.map((s) => s.value)).toEqual([0.2, 0.3]);
  });
});
