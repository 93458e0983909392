import { HubConnectionBuilder, HubConnectionState, LogLevel, type HubConnection, type ISubscription } from '@microsoft/signalr';
import { signal } from '@preact/signals';
import type { FleetCursor, FleetUpdate, VehicleUpdate } from './types';

export type Connection = 'connecting' | 'live' | 'lost';

/** Whether the page is told of changes now. */
export const connection = signal<Connection>('connecting');

const pause = (attempt: number) => Math.min(500 * 2 ** attempt, 5_000);

/**
 * A connection to the hub that comes back by itself, for as long as the page is open, and with it every stream that was asked for.
 */
export class Live {
  private readonly hub: HubConnection;
  private readonly streams = new Set<() => void>();

  constructor(url = 'hubs/fleet') {
    this.hub = new HubConnectionBuilder()
      .withUrl(url)
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: (retry) => pause(retry.previousRetryCount) })
      .configureLogging(LogLevel.None)
      .build();
    this.hub.onreconnecting(() => (connection.value = 'lost'));
    this.hub.onreconnected(() => this.open());
    this.hub.onclose(() => void this.start());
  }

  async start(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.hub.start();
        this.open();
        return;
      } catch {
        // The server is not there (yet): the header says so, and the next attempt follows.
        if (attempt > 0) connection.value = 'lost';
        await new Promise((done) => setTimeout(done, pause(attempt)));
      }
    }
  }

  /** Everything about the fleet, then every change. After a break it goes on from the last update. */
  fleet(next: (update: FleetUpdate) => void): () => void {
    let cursor: FleetCursor | null = null;
    return this.stream<FleetUpdate>(
      () => ['Fleet', cursor],
      (update) => {
        next(update);
        cursor = update.cursor;
      },
    );
  }

  /** Signals and scores of one vehicle: the last minutes, then what comes. */
  vehicle(vin: string, next: (update: VehicleUpdate) => void): () => void {
    return this.stream<VehicleUpdate>(() => ['Vehicle', vin], next);
  }

  private stream<T>(call: () => [string, unknown], next: (item: T) => void): () => void {
    let subscription: ISubscription<T> | undefined;
    let ended = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      clearTimeout(retry);
      const [method, argument] = call();
      subscription = this.hub.stream<T>(method, argument).subscribe({
        next,
        // While the connection is up, a stream that ends was ended by the server: ask again.
        complete: () => again(),
        error: () => again(),
      });
    };
    const again = () => {
      if (ended || this.hub.state !== HubConnectionState.Connected) return;
      clearTimeout(retry);
      retry = setTimeout(() => {
        if (!ended && this.hub.state === HubConnectionState.Connected) open();
      }, 1_000);
    };
    this.streams.add(open);
    if (this.hub.state === HubConnectionState.Connected) open();
    return () => {
      ended = true;
      clearTimeout(retry);
      this.streams.delete(open);
      if (this.hub.state === HubConnectionState.Connected) subscription?.dispose();
    };
  }

  private open(): void {
    connection.value = 'live';
    for (const open of this.streams) open();
  }
}
