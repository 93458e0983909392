import L from 'leaflet';

/** A canvas as large as the map, drawn anew, at most once a frame, whenever the map moves or someone asks. */
export abstract class CanvasLayer extends L.Layer {
  protected map: L.Map | undefined;
  private readonly canvas = L.DomUtil.create('canvas', 'leaflet-zoom-animated');
  private frame = 0;

  constructor(private readonly paneName: string) {
    super();
  }

  override onAdd(map: L.Map): this {
    this.map = map;
    map.getPane(this.paneName)?.appendChild(this.canvas);
    map.on('move zoomend resize viewreset', this.redraw, this);
    map.on('zoomanim', this.animate, this);
    this.redraw();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off('move zoomend resize viewreset', this.redraw, this);
    map.off('zoomanim', this.animate, this);
    cancelAnimationFrame(this.frame);
    this.canvas.remove();
    this.map = undefined;
    return this;
  }

  redraw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** Draws in pixels of the map's container. */
  protected abstract draw(context: CanvasRenderingContext2D, map: L.Map, size: L.Point): void;

  private paint(): void {
    const map = this.map;
    if (!map) return;
    const size = map.getSize();
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(size.x * scale), Math.round(size.y * scale)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${size.x}px`;
      this.canvas.style.height = `${size.y}px`;
    }
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
    const context = this.canvas.getContext('2d');
    if (!context) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    this.draw(context, map, size);
  }

  /** While the map zooms, the last picture is stretched with it. */
  private animate(event: L.LeafletEvent): void {
    const map = this.map;
    if (!map) return;
    const { center, zoom } = event as L.ZoomAnimEvent;
    const scale = map.getZoomScale(zoom, map.getZoom());
    const corner = map.containerPointToLatLng([0, 0]);
    const at = map.project(corner, zoom).subtract(map.project(center, zoom)).add(map.getSize().divideBy(2));
    L.DomUtil.setTransform(this.canvas, map.containerPointToLayerPoint(at), scale);
  }
}
