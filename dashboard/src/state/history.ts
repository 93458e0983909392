import type { ScorePoint, VehicleSignals } from '../api/types';

/** How much of a vehicle's past the page shows. */
export const windowMs = 15 * 60_000;

export interface Series {
  signal: string;
  label: string;
  unit: string;
  values: (number | null)[];
}

/** The last minutes of one vehicle: one time axis, a column a signal, and the scores. */
export class History {
  times: number[] = [];
  readonly series = new Map<string, Series>();
  scores: ScorePoint[] = [];

  /** Takes what came; what is not newer than what is there is left out. */
  add(update: VehicleSignals, reset: boolean): void {
    if (reset) {
      this.times = [];
      this.series.clear();
      this.scores = [];
    }
    const last = this.times.at(-1) ?? -Infinity;
    let from = 0;
    while (from < update.times.length && update.times[from]! <= last) from++;
    const before = this.times.length;
    for (let i = from; i < update.times.length; i++) this.times.push(update.times[i]!);
    for (const { signal, label, unit, values } of update.signals) {
      let series = this.series.get(signal);
      if (!series) this.series.set(signal, (series = { signal, label, unit, values: [] }));
      while (series.values.length < before) series.values.push(null);
      for (let i = from; i < update.times.length; i++) series.values.push(values[i] ?? null);
    }
    for (const series of this.series.values()) while (series.values.length < this.times.length) series.values.push(null);

    const lastScore = this.scores.at(-1)?.time ?? -Infinity;
    for (const score of update.scores) if (score.time > lastScore) this.scores.push(score);
    this.trim();
  }

  /** The newest value of a signal. */
  latest(signal: string): number | undefined {
    const values = this.series.get(signal)?.values;
    for (let i = (values?.length ?? 0) - 1; i >= 0; i--) {
      const value = values![i];
      if (value !== null && value !== undefined) return value;
    }
    return undefined;
  }

  private trim(): void {
    const newest = this.times.at(-1);
    if (newest === undefined) return;
    let old = 0;
    while (old < this.times.length && this.times[old]! < newest - windowMs) old++;
    if (old > 0) {
      this.times.splice(0, old);
      for (const series of this.series.values()) series.values.splice(0, old);
    }
    const firstScore = this.scores.findIndex((s) => s.time >= newest - windowMs);
    if (firstScore > 0) this.scores.splice(0, firstScore);
  }
}
