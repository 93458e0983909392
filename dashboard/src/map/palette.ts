import type { Severity } from '../api/types';

/** The page's colours, for what is drawn on a canvas. */
export interface Palette {
  text: string;
  muted: string;
  line: string;
  surface: string;
  land: string;
  border: string;
  sea: string;
  vehicle: string;
  offline: string;
  accent: string;
  severity: Record<Severity, string>;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--text'),
    muted: read('--muted'),
    line: read('--line'),
    surface: read('--surface'),
    land: read('--land'),
    border: read('--border-land'),
    sea: read('--sea'),
    vehicle: read('--vehicle'),
    offline: read('--offline'),
    accent: read('--accent'),
    severity: {
      critical: read('--critical'),
      major: read('--major'),
      minor: read('--minor'),
      warning: read('--warning'),
    },
  };
}

/** Calls back when the system changes between light and dark. */
export function onSchemeChange(changed: () => void): () => void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}
