import type L from 'leaflet';
import { CanvasLayer } from './canvas-layer';
import { cities } from './cities';
import type { Palette } from './palette';

const steps = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];

/** A grid of degrees and the names of cities: where one is, without a map from anywhere. */
export class OrientationLayer extends CanvasLayer {
  constructor(public palette: Palette) {
    super('tilePane');
  }

  protected override draw(context: CanvasRenderingContext2D, map: L.Map, size: L.Point): void {
    const bounds = map.getBounds();
    const span = (bounds.getEast() - bounds.getWest()) / Math.max(1, size.x / 140);
    const step = steps.findLast((s) => s >= span) ?? steps[0]!;
    const digits = step < 0.01 ? 3 : step < 0.1 ? 2 : step < 1 ? 1 : 0;
    context.font = '10px system-ui, sans-serif';
    context.lineWidth = 1;
    context.strokeStyle = this.palette.border;
    context.fillStyle = this.palette.muted;

    context.globalAlpha = 0.5;
    context.beginPath();
    const [west, south] = [Math.ceil(bounds.getWest() / step), Math.ceil(Math.max(-85, bounds.getSouth()) / step)];
    for (let i = west; i * step <= bounds.getEast(); i++) {
      const x = Math.round(map.latLngToContainerPoint([0, i * step]).x) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, size.y);
    }
    for (let i = south; i * step <= Math.min(85, bounds.getNorth()); i++) {
      const y = Math.round(map.latLngToContainerPoint([i * step, 0]).y) + 0.5;
      context.moveTo(0, y);
      context.lineTo(size.x, y);
    }
    context.stroke();
    context.globalAlpha = 1;

    context.textAlign = 'center';
    for (let i = west; i * step <= bounds.getEast(); i++) {
      const x = map.latLngToContainerPoint([0, i * step]).x;
      if (x > 60 && x < size.x - 60) context.fillText(degrees(i * step, digits, 'E', 'W'), x, 12);
    }
    context.textAlign = 'right';
    for (let i = south; i * step <= Math.min(85, bounds.getNorth()); i++) {
      const y = map.latLngToContainerPoint([i * step, 0]).y;
      if (y > 30 && y < size.y - 30) context.fillText(degrees(i * step, digits, 'N', 'S'), size.x - 4, y - 3);
    }
    this.drawCities(context, map, size);
  }

  private drawCities(context: CanvasRenderingContext2D, map: L.Map, size: L.Point): void {
    context.font = '600 11px system-ui, sans-serif';
    context.textAlign = 'left';
    context.lineWidth = 3;
    context.strokeStyle = this.palette.land;
    context.fillStyle = this.palette.muted;
    const taken: [number, number, number][] = [];
    for (const [name, latitude, longitude, from] of cities) {
      if (map.getZoom() < from) continue;
      const { x, y } = map.latLngToContainerPoint([latitude, longitude]);
      if (x < -80 || y < 0 || x > size.x || y > size.y + 10) continue;
      const width = context.measureText(name).width + 12;
      if (taken.some(([tx, ty, tw]) => x < tx + tw && x + width > tx && Math.abs(y - ty) < 14)) continue;
      taken.push([x, y, width]);
      context.fillRect(x - 1.5, y - 1.5, 3, 3);
      context.strokeText(name, x + 6, y + 4);
      context.fillText(name, x + 6, y + 4);
    }
  }
}

function degrees(value: number, digits: number, positive: string, negative: string): string {
  const text = `${Math.abs(value).toFixed(digits)}°`;
  return value === 0 ? text : `${text} ${value > 0 ? positive : negative}`;
}
