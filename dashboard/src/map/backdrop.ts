import L from 'leaflet';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countriesUrl from 'world-atlas/countries-50m.json?url';
import type { Palette } from './palette';

const style = (palette: Palette): L.PathOptions => ({ fillColor: palette.land, fillOpacity: 1, color: palette.border, weight: 1, interactive: false });

/** Land and borders (Natural Earth), served with the page: the map asks nothing of any other host. */
export class Backdrop {
  private layer: L.GeoJSON | undefined;

  constructor(private palette: Palette) {}

  async addTo(map: L.Map): Promise<void> {
    const answer = await fetch(countriesUrl);
    const world = (await answer.json()) as Topology<{ countries: GeometryCollection }>;
    this.layer = L.geoJSON(feature(world, world.objects.countries), {
      style: style(this.palette),
      interactive: false,
      pane: 'land',
      // The type of the renderer is not among those of a GeoJSON layer, but it is passed on to each path.
      ...{ renderer: L.canvas({ pane: 'land', padding: 0.3 }) },
    });
    this.layer.addTo(map);
  }

  recolour(palette: Palette): void {
    this.palette = palette;
    this.layer?.setStyle(style(palette));
  }
}
