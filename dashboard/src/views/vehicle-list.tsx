import { useSignal } from '@preact/signals';
import { age, count, speed } from '../format';
import { rank } from '../state/fleet';
import { vehicleHref } from '../state/router';
import { alertsChanged, fleet, now, vehiclesChanged } from '../state/store';

const shown = 200;

/** All vehicles as a table, those with the worst alerts first: also the map for those who do not see it. */
export function VehicleList() {
  const search = useSignal('');
  void vehiclesChanged.value;
  void alertsChanged.value;
  const wanted = search.value.trim().toLowerCase();
  const found = [...fleet.vehicles.values()]
    .filter((v) => !wanted || v.vin.toLowerCase().includes(wanted) || v.profile === wanted)
    .map((vehicle) => ({ vehicle, worst: fleet.worst(vehicle.vin) }))
    .sort((a, b) => rank(b.worst) - rank(a.worst) || (a.vehicle.vin < b.vehicle.vin ? -1 : 1));
  return (
    <section class="page" aria-label="Vehicles">
      <div class="page-head">
        <h1>
          Vehicles <span class="muted">{count(found.length)}</span>
        </h1>
        <input type="search" placeholder="Vehicle or profile" aria-label="Vehicle or profile" value={search.value} onInput={(e) => (search.value = e.currentTarget.value)} />
      </div>
      <div class="table-frame">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Vehicle</th>
              <th scope="col">Profile</th>
              <th scope="col">Alert</th>
              <th scope="col" class="number">
                Score
              </th>
              <th scope="col" class="number">
                Speed
              </th>
              <th scope="col">Connection</th>
              <th scope="col" class="number">
                Heard
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map(({ vehicle, worst }) => (
              <tr key={vehicle.vin} data-testid="vehicle-row">
                <th scope="row">
                  <a href={vehicleHref(vehicle.vin)}>{vehicle.vin}</a>
                </th>
                <td>{vehicle.profile}</td>
                <td>{worst && <span class={`badge ${worst}`}>{worst}</span>}</td>
                <td class="number">{vehicle.score?.toFixed(2) ?? '–'}</td>
                <td class="number">{speed(vehicle.speed)}</td>
                <td>{vehicle.online === undefined ? '–' : vehicle.online ? 'online' : 'offline'}</td>
                <td class="number">{vehicle.seenAt ? `${age(now.value - Date.parse(vehicle.seenAt))} ago` : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {found.length > shown && <p class="empty">{count(found.length - shown)} more: search for a vehicle to see it.</p>}
      {found.length === 0 && <p class="empty">{wanted ? 'No vehicle fits.' : 'Nothing was heard of any vehicle yet.'}</p>}
    </section>
  );
}
