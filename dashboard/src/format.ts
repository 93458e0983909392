/** A time span as people say it, in its largest unit: "12 s", "3 min", "2 h", "5 d". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** A measured value with as many digits as say something. */
export function value(number: number | null | undefined): string {
  if (number === null || number === undefined || !Number.isFinite(number)) return '–';
  const size = Math.abs(number);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return number.toLocaleString('en', { maximumFractionDigits: digits, useGrouping: size >= 10_000 });
}

export const withUnit = (number: number | null | undefined, unit: string): string => {
  const text = value(number);
  if (text === '–' || !unit) return text;
  return unit === '%' || unit === '°' ? `${text}${unit === '%' ? ' ' : ''}${unit}` : `${text} ${unit}`;
};

/** A speed, to the whole km/h. */
export const speed = (number: number | undefined): string => (number === undefined ? '–' : `${Math.round(number)} km/h`);

/** A difference, always with its sign. */
export function difference(observed: number | undefined, expected: number | undefined): string {
  if (observed === undefined || expected === undefined) return '–';
  const delta = observed - expected;
  const text = value(Math.abs(delta));
  return text === '0' ? '±0' : `${delta < 0 ? '−' : '+'}${text}`;
}

export const count = (number: number): string => number.toLocaleString('en');

export const percent = (part: number): string => `${Math.round(part * 100)} %`;

export const clock = (time: string | number): string =>
  new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const dateTime = (time: string | number): string =>
  new Date(time).toLocaleString('en-GB', { day: '2-digit', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function bytes(number: number): string {
  return number < 1024 ? `${number} B` : number < 1024 ** 2 ? `${value(number / 1024)} KiB` : `${value(number / 1024 ** 2)} MiB`;
}
