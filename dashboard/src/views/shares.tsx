import type { Alert, SignalShare } from '../api/types';
import { difference, percent, withUnit } from '../format';

/** The largest signals of a score in one line. */
export function ShareStrip({ contributions, score }: { contributions: SignalShare[]; score: number }) {
  const top = contributions.slice(0, 2);
  return (
    <span class="share-strip">
      <span class="score" title="Highest score of the alert; 0.5 raises one">
        {score.toFixed(2)}
      </span>
      {top.map((c) => (
        <span key={c.signal} class="share-chip">
          {c.label} <b>{percent(part(c, score))}</b>
        </span>
      ))}
    </span>
  );
}

/** Which signals made an alert: each one's part, what was seen, what was expected. */
export function Explanation({ alert }: { alert: Alert }) {
  return (
    <table class="shares">
      <thead>
        <tr>
          <th scope="col">Signal</th>
          <th scope="col">Share of the score</th>
          <th scope="col" class="number">
            Observed
          </th>
          <th scope="col" class="number">
            Expected
          </th>
          <th scope="col" class="number">
            Off by
          </th>
        </tr>
      </thead>
      <tbody>
        {alert.contributions.map((c) => (
          <tr key={c.signal} data-testid="contribution-row" data-signal={c.signal}>
            <th scope="row" title={c.signal}>
              {c.label}
            </th>
            <td>
              <span class="bar">
                <span class={`fill ${alert.severity}`} style={{ width: `${Math.round(part(c, alert.score) * 100)}%` }} />
              </span>
              <span class="bar-number">{percent(part(c, alert.score))}</span>
            </td>
            <td class="number">{withUnit(c.observed, c.unit)}</td>
            <td class="number">{withUnit(c.expected, c.unit)}</td>
            <td class="number">{difference(c.observed, c.expected)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A signal's part of the whole score, 0 to 1. */
function part(contribution: SignalShare, score: number): number {
  return score > 0 ? Math.max(0, Math.min(1, contribution.share / score)) : 0;
}
