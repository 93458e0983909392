import { useEffect } from 'preact/hooks';
import { FleetMap } from './map/fleet-map';
import { route } from './state/router';
import { AlertList } from './views/alert-list';
import { Header } from './views/header';
import { ModelsPage } from './views/models-page';
import { VehiclePage } from './views/vehicle-page';
import { VehicleList } from './views/vehicle-list';

/** The page: figures above, the chosen view, and the alerts always at hand. */
export function App() {
  const at = route.value;
  useEffect(() => {
    document.title = at.page === 'vehicle' ? `${at.vin} – Kappa.Iot` : 'Kappa.Iot fleet';
  }, [at]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header />
      <div class={`layout at-${at.page}`}>
        <main id="main" tabIndex={-1}>
          {at.page === 'vehicle' ? (
            <VehiclePage key={at.vin} vin={at.vin} />
          ) : at.page === 'vehicles' ? (
            <VehicleList />
          ) : at.page === 'models' ? (
            <ModelsPage />
          ) : (
            <FleetMap />
          )}
        </main>
        <AlertList />
      </div>
    </>
  );
}

/** The address behind # is the route, so the link moves the focus only. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
