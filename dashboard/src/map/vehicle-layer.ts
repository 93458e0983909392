import type L from 'leaflet';
import { rank, type Fleet } from '../state/fleet';
import { CanvasLayer } from './canvas-layer';
import type { Palette } from './palette';

const trailZoom = 11;
const trailPoints = 60_000;
const near = 12;

interface Dot {
  vin: string;
  x: number;
  y: number;
  rank: number;
  online: boolean;
}

/** The fleet as dots: quiet vehicles small and alike, those with an alert larger, in its colour, and on top. */
export class VehicleLayer extends CanvasLayer {
  selected: string | undefined;
  private dots: Dot[] = [];

  constructor(
    private readonly fleet: Fleet,
    public palette: Palette,
  ) {
    super('overlayPane');
  }

  /** The vehicle at a point of the container, or the nearest to it within reach of a finger. */
  at(point: L.Point): string | undefined {
    let found: Dot | undefined;
    let best = near * near;
    for (const dot of this.dots) {
      const distance = (dot.x - point.x) ** 2 + (dot.y - point.y) ** 2 - dot.rank * 6;
      if (distance < best) [found, best] = [dot, distance];
    }
    return found?.vin;
  }

  protected override draw(context: CanvasRenderingContext2D, map: L.Map, size: L.Point): void {
    const zoom = map.getZoom();
    // One projection for all of them: Leaflet's own, without an object for each.
    const scale = 256 * 2 ** zoom;
    const origin = map.getPixelOrigin().add(map.containerPointToLayerPoint([0, 0]));
    const x = (longitude: number) => (longitude / 360 + 0.5) * scale - origin.x;
    const y = (latitude: number) => {
      const sin = Math.sin((Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI) / 180);
      return (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * scale - origin.y;
    };

    const quiet: Dot[] = [];
    const loud: Dot[] = [];
    for (const vehicle of this.fleet.vehicles.values()) {
      if (vehicle.latitude === undefined || vehicle.longitude === undefined) continue;
      const [px, py] = [x(vehicle.longitude), y(vehicle.latitude)];
      if (px < -20 || py < -20 || px > size.x + 20 || py > size.y + 20) continue;
      const dot = { vin: vehicle.vin, x: px, y: py, rank: rank(this.fleet.worst(vehicle.vin)), online: vehicle.online !== false };
      (dot.rank > 0 ? loud : quiet).push(dot);
    }
    loud.sort((a, b) => a.rank - b.rank);
    this.dots = [...quiet, ...loud];

    if (zoom >= trailZoom) this.drawTrails(context, x, y);
    this.drawQuiet(context, quiet, zoom);
    this.drawLoud(context, loud, zoom);
    this.drawSelected(context);
  }

  private drawTrails(context: CanvasRenderingContext2D, x: (longitude: number) => number, y: (latitude: number) => number): void {
    let points = 0;
    context.beginPath();
    for (const dot of this.dots) {
      const trail = this.fleet.trails.get(dot.vin);
      if (!trail || trail.length < 4) continue;
      points += trail.length / 2;
      if (points > trailPoints) break;
      context.moveTo(x(trail[1]!), y(trail[0]!));
      for (let i = 2; i < trail.length; i += 2) context.lineTo(x(trail[i + 1]!), y(trail[i]!));
    }
    context.strokeStyle = this.palette.vehicle;
    context.globalAlpha = 0.22;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.stroke();
    context.globalAlpha = 1;
  }

  private drawQuiet(context: CanvasRenderingContext2D, dots: Dot[], zoom: number): void {
    const radius = zoom >= 13 ? 5 : zoom >= 10 ? 3.5 : 2.5;
    for (const online of [false, true]) {
      context.beginPath();
      for (const dot of dots) {
        if (dot.online !== online) continue;
        context.moveTo(dot.x + radius, dot.y);
        context.arc(dot.x, dot.y, radius, 0, 2 * Math.PI);
      }
      context.lineWidth = 1;
      if (online) {
        context.fillStyle = this.palette.vehicle;
        context.fill();
        context.strokeStyle = this.palette.surface;
      } else {
        context.fillStyle = this.palette.surface;
        context.fill();
        context.strokeStyle = this.palette.offline;
      }
      context.stroke();
    }
  }

  private drawLoud(context: CanvasRenderingContext2D, dots: Dot[], zoom: number): void {
    const base = zoom >= 13 ? 7 : zoom >= 10 ? 5.5 : 4;
    const colours = ['', this.palette.severity.warning, this.palette.severity.minor, this.palette.severity.major, this.palette.severity.critical];
    for (const dot of dots) {
      const radius = base + dot.rank * 0.5;
      context.fillStyle = colours[dot.rank]!;
      context.globalAlpha = 0.25;
      context.beginPath();
      context.arc(dot.x, dot.y, radius + 4, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = 1;
      context.beginPath();
      context.arc(dot.x, dot.y, radius, 0, 2 * Math.PI);
      context.fill();
      context.strokeStyle = this.palette.surface;
      context.lineWidth = 1.5;
      context.stroke();
    }
  }

  private drawSelected(context: CanvasRenderingContext2D): void {
    const dot = this.dots.find((d) => d.vin === this.selected);
    if (!dot) return;
    context.beginPath();
    context.arc(dot.x, dot.y, 13, 0, 2 * Math.PI);
    context.strokeStyle = this.palette.text;
    context.lineWidth = 2;
    context.stroke();
  }
}
