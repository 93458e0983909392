import type { Alert, Model, PageSettings, VehicleDocument } from './types';

/** An answer that is not what was asked for, in the server's words. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export const getVehicle = (vin: string, signal?: AbortSignal) => get<VehicleDocument>(`api/vehicles/${encodeURIComponent(vin)}`, signal);
export const getAlert = (id: string) => get<Alert>(`api/alerts/${encodeURIComponent(id)}`);
export const getModels = () => get<Model[]>('api/models');
export const getPageSettings = () => get<PageSettings>('api/page');

export const acknowledge = (id: string, by: string, comment: string) =>
  request<Alert>(`api/alerts/${encodeURIComponent(id)}/acknowledge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by, comment }),
  });

const get = <T>(path: string, signal?: AbortSignal) => request<T>(path, signal ? { signal } : {});

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw new ApiError('The server does not answer.', 0);
  }
  if (answer.ok) return (await answer.json()) as T;
  throw new ApiError(await problem(answer), answer.status);
}

async function problem(answer: Response): Promise<string> {
  const type = answer.headers.get('content-type') ?? '';
  if (!type.includes('json')) return `The server answered ${answer.status}.`;
  const body = (await answer.json()) as { title?: string; detail?: string; errors?: Record<string, string[]> };
  const errors = Object.values(body.errors ?? {}).flat();
  return errors.length > 0 ? errors.join(' ') : (body.detail ?? body.title ?? `The server answered ${answer.status}.`);
}
