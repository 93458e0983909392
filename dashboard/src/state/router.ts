import { signal } from '@preact/signals';

export type Route = { page: 'fleet' } | { page: 'alerts' } | { page: 'vehicles' } | { page: 'models' } | { page: 'vehicle'; vin: string };

/** Reads the part of the address behind #; what is not understood is the fleet. */
export function parse(hash: string): Route {
  const [page, vin] = hash.replace(/^#?\/?/, '').split('/');
  switch (page) {
    case 'alerts':
    case 'vehicles':
    case 'models':
      return { page };
    case 'vehicle':
      return vin ? { page: 'vehicle', vin: decode(vin) } : { page: 'vehicles' };
    default:
      return { page: 'fleet' };
  }
}

export const vehicleHref = (vin: string) => `#/vehicle/${encodeURIComponent(vin)}`;

export const route = signal<Route>({ page: 'fleet' });

export function followAddress(): void {
  const read = () => (route.value = parse(location.hash));
  window.addEventListener('hashchange', read);
  read();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
