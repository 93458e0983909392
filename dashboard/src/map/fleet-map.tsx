import L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { getPageSettings } from '../api/rest';
import { count, speed } from '../format';
import { rank, severities } from '../state/fleet';
import { vehicleHref } from '../state/router';
import { alertsChanged, fleet, vehiclesChanged } from '../state/store';
import { Backdrop } from './backdrop';
import { OrientationLayer } from './orientation-layer';
import { onSchemeChange, readPalette } from './palette';
import { VehicleLayer } from './vehicle-layer';

/** The map: all vehicles with a position, coloured by their worst open alert. */
export function FleetMap({ selected }: { selected?: string | undefined }) {
  const element = useRef<HTMLDivElement>(null);
  const layer = useRef<VehicleLayer>(undefined);
  const fit = useRef<() => void>(undefined);
  const show = useRef<(vin: string) => void>(undefined);
  const following = useRef(selected);
  const [tip, setTip] = useState<{ x: number; y: number; vin: string }>();

  useEffect(() => {
    const map = L.map(element.current!, { zoomControl: false, attributionControl: true, worldCopyJump: false, minZoom: 2, maxZoom: 18, zoomSnap: 0.5 });
    map.attributionControl.setPrefix(false).addAttribution('Natural Earth');
    map.setView([30, 10], 2);
    const land = map.createPane('land');
    land.style.zIndex = '150';
    land.style.pointerEvents = 'none';
    L.control.zoom({ position: 'topleft' }).addTo(map);
    L.control.scale({ imperial: false, position: 'bottomleft' }).addTo(map);

    const palette = readPalette();
    const backdrop = new Backdrop(palette);
    const orientation = new OrientationLayer(palette).addTo(map);
    const vehicles = new VehicleLayer(fleet, palette).addTo(map);
    layer.current = vehicles;
    // Without the backdrop the grid, the cities and the vehicles are still there.
    backdrop.addTo(map).catch((e: unknown) => console.warn('The map has no land:', e));
    getPageSettings()
      .then(({ tilesUrl, tilesAttribution }) => {
        if (tilesUrl) L.tileLayer(tilesUrl, { attribution: tilesAttribution ?? '', pane: 'land', maxZoom: 19 }).addTo(map);
      })
      .catch((e: unknown) => console.warn('The map has no tiles:', e));

    let moved = false;
    map.on('mousedown zoomstart', (e) => (moved ||= e.type === 'mousedown'));
    show.current = (vin) => {
      const vehicle = fleet.vehicles.get(vin);
      if (vehicle?.latitude === undefined || vehicle.longitude === undefined) return;
      map.setView([vehicle.latitude, vehicle.longitude], Math.max(map.getZoom(), 13), { animate: false });
    };
    let fitted = 0;
    const stopWatching = effect(() => {
      void vehiclesChanged.value;
      void alertsChanged.value;
      vehicles.redraw();
      if (following.current && !moved) {
        show.current?.(following.current);
        return;
      }
      // The view follows a fleet that is still coming in, until someone moves the map.
      const placed = fleet.vehicles.size;
      if (!moved && placed > fitted * 1.2) {
        const bounds = fleetBounds();
        if (bounds) {
          map.fitBounds(bounds, { padding: [24, 24], maxZoom: 14, animate: false });
          fitted = placed;
        }
      }
    });
    const stopScheme = onSchemeChange(() => {
      const changed = readPalette();
      vehicles.palette = orientation.palette = changed;
      backdrop.recolour(changed);
      vehicles.redraw();
      orientation.redraw();
    });

    map.on('mousemove', (e) => {
      const vin = vehicles.at(e.containerPoint);
      map.getContainer().style.cursor = vin ? 'pointer' : '';
      setTip(vin ? { ...pick(e.containerPoint), vin } : undefined);
    });
    map.on('mouseout movestart', () => setTip(undefined));
    map.on('click', (e) => {
      const vin = vehicles.at(e.containerPoint);
      if (vin) location.hash = vehicleHref(vin);
    });
    const resize = new ResizeObserver(() => map.invalidateSize({ animate: false }));
    resize.observe(element.current!);
    fit.current = () => {
      const bounds = fleetBounds();
      if (bounds) map.fitBounds(bounds, { padding: [24, 24], maxZoom: 14 });
    };
    return () => {
      stopWatching();
      stopScheme();
      resize.disconnect();
      map.remove();
    };
  }, []);

  useEffect(() => {
    if (!layer.current) return;
    following.current = layer.current.selected = selected;
    layer.current.redraw();
    if (selected) show.current?.(selected);
  }, [selected]);

  return (
    <div class="map-frame">
      <div
        ref={element}
        class="map"
        data-testid="map"
        role="application"
        aria-label="Map of the fleet. Arrow keys move it, plus and minus zoom. The vehicles are also in the list of vehicles."
      />
      <button type="button" class="map-fit" title="Show the whole fleet" onClick={() => fit.current?.()}>
        Whole fleet
      </button>
      {!selected && <Legend />}
      {tip && <Tip {...tip} />}
    </div>
  );
}

const pick = ({ x, y }: L.Point) => ({ x, y });

/** Where nearly all of the fleet is: a few far away do not shrink the rest to a point. */
function fleetBounds(): L.LatLngBounds | undefined {
  const latitudes: number[] = [];
  const longitudes: number[] = [];
  for (const { latitude, longitude } of fleet.vehicles.values()) {
    if (latitude === undefined || longitude === undefined) continue;
    latitudes.push(latitude);
    longitudes.push(longitude);
  }
  if (latitudes.length === 0) return undefined;
  const [south, north] = middle(latitudes);
  const [west, east] = middle(longitudes);
  return L.latLngBounds([south, west], [north, east]).pad(0.05);
}

function middle(values: number[]): [number, number] {
  values.sort((a, b) => a - b);
  const cut = values.length >= 100 ? Math.floor(values.length * 0.01) : 0;
  return [values[cut]!, values[values.length - 1 - cut]!];
}

function Legend() {
  void vehiclesChanged.value;
  let placed = 0;
  for (const vehicle of fleet.vehicles.values()) if (vehicle.latitude !== undefined) placed++;
  const without = fleet.vehicles.size - placed;
  return (
    <div class="legend">
      {severities.map((severity) => (
        <span key={severity}>
          <i class={`dot ${severity}`} /> {severity}
        </span>
      ))}
      <span>
        <i class="dot quiet" /> no alert
      </span>
      <span>
        <i class="dot offline" /> offline
      </span>
      <span class="muted" data-testid="map-count" data-count={placed}>
        {count(placed)} on the map{without > 0 ? `, ${count(without)} without a position` : ''}
      </span>
    </div>
  );
}

function Tip({ x, y, vin }: { x: number; y: number; vin: string }) {
  const vehicle = fleet.vehicles.get(vin);
  if (!vehicle) return null;
  const worst = fleet.worst(vin);
  return (
    <div class="tip" style={{ left: `${x}px`, top: `${y}px` }} role="status">
      <b>{vin}</b>
      <div class="muted">
        {vehicle.profile} · {vehicle.online === false ? 'offline' : speed(vehicle.speed)}
        {vehicle.score !== undefined && ` · score ${vehicle.score.toFixed(2)}`}
      </div>
      {rank(worst) > 0 && (
        <div class={`severity ${worst}`}>
          {fleet
            .openAlerts(vin)
            .map((a) => `${a.type}, ${a.severity}`)
            .join(' · ')}
        </div>
      )}
    </div>
  );
}
