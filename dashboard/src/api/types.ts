// The shapes of alert-api: REST (/openapi/v1.json) and the hub /hubs/fleet. Fields without a value are left out of the JSON.

export type Severity = 'warning' | 'minor' | 'major' | 'critical';
export type AlertType = 'engine' | 'cooling' | 'fuel' | 'electrical' | 'battery' | 'tyres' | 'brakes' | 'sensor';
export type AlertStatus = 'active' | 'cleared';

/** One signal's part in a score; the shares add up to it. */
export interface SignalShare {
  signal: string;
  label: string;
  unit: string;
  share: number;
  observed?: number;
  expected?: number;
}

export interface AlertAction {
  kind: 'acknowledged' | 'clearedByHand' | 'commented';
  by: string;
  comment: string;
  at: string;
  offset: number;
}

export interface Alert {
  id: string;
  vin: string;
  profile: string;
  type: AlertType;
  status: AlertStatus;
  severity: Severity;
  raisedAt: string;
  lastSeenAt: string;
  clearedAt?: string;
  score: number;
  contributions: SignalShare[];
  modelId: string;
  firmware?: string;
  region?: string;
  /** The fleet's alert that it is part of; without one it stands for itself. */
  fleetAlertId?: string;
  telemetry: { partition: number; firstOffset: number; lastOffset: number };
  actions: AlertAction[];
  acknowledged?: AlertAction;
  /** Of two copies of an alert the one with the higher version is newer. */
  version: number;
}

export interface LiveVehicle {
  vin: string;
  profile?: string;
  latitude?: number;
  longitude?: number;
  heading?: number;
  speed?: number;
  online?: boolean;
  seenAt?: string;
  score?: number;
}

/** Many vehicles that are odd, silent or unreadable for a common reason. */
export interface FleetAlert {
  id: string;
  dimension: 'firmware' | 'profile' | 'region';
  value: string;
  measure: 'meanScore' | 'messageRate' | 'deadLetterRate';
  status: AlertStatus;
  raisedAt: string;
  lastSeenAt: string;
  clearedAt?: string;
  observed: number;
  expected: number;
  batches: number;
  odd: number;
  /** Vehicles whose own alerts are part of it. */
  vehicles: number;
  openAlerts: number;
}

export interface FleetFigures {
  vehicles: number;
  online: number;
  alerting: number;
  openAlerts: Record<Severity, number>;
  fleetAlerts: FleetAlert[];
  messagesPerSecond: number;
  samplesPerSecond: number;
  log: 'connected' | 'catching-up' | 'away';
  modelsVersion: number;
}

/** Where a subscriber of the fleet is; given back, it goes on from there. */
export interface FleetCursor {
  server: string;
  alerts: number;
  vehicles: number;
}

export interface FleetUpdate {
  reset: boolean;
  cursor: FleetCursor;
  alerts?: Alert[];
  vehicles?: LiveVehicle[];
  figures?: FleetFigures;
}

export interface SignalSeries {
  signal: string;
  label: string;
  unit: string;
  values: (number | null)[];
}

export interface ScorePoint {
  /** End of the batch, Unix milliseconds. */
  time: number;
  value: number;
  modelId: string;
  contributions: SignalShare[];
}

export interface VehicleSignals {
  vin: string;
  times: number[];
  signals: SignalSeries[];
  scores: ScorePoint[];
}

export interface VehicleUpdate {
  reset: boolean;
  state?: LiveVehicle;
  history: VehicleSignals;
}

export interface Twin {
  vin: string;
  profile?: string;
  reported?: {
    time: string;
    bootId: number;
    sequence: number;
    signals: Record<string, number>;
    signalTimes: Record<string, string>;
    partition: number;
    offset: number;
  };
  presence?: { online: boolean; changedAt: string; reason: string };
}

/** A value of the twin, in its unit. */
export interface SignalValue {
  signal: string;
  label: string;
  unit: string;
  value: number;
  time: string;
}

export interface VehicleDocument {
  vin: string;
  profile?: string;
  twin?: Twin;
  twinProblem?: string;
  signals: SignalValue[];
  state?: LiveVehicle;
  latestScore?: ScorePoint;
  alerts: Alert[];
}

export interface Model {
  id: string;
  profile: string;
  detector: string;
  active: boolean;
  promotedAt?: string;
  promotedBy?: string;
  createdAt: string;
  createdBy: string;
  metrics: Record<string, number | null>;
  parameters: Record<string, string>;
  lineage?: {
    source: string;
    fromTime: string;
    toTime: string;
    vehicles: number;
    batches: number;
    codeVersion: string;
    parentModelId?: string;
    dataFingerprint: string;
  };
  sizeBytes: number;
}

export interface PageSettings {
  tilesUrl?: string;
  tilesAttribution?: string;
}
