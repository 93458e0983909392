import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import { onSchemeChange, readPalette, type Palette } from '../map/palette';
import { value, withUnit } from '../format';
import { windowMs } from '../state/history';

export interface ChartProps {
  label: string;
  unit: string;
  times: number[];
  values: (number | null)[];
  /** A line across: the threshold, or what was expected. */
  line?: { at: number; name: string } | undefined;
  /** Fixed scale; by default the values'. */
  range?: [number, number];
  height?: number;
  emphasis?: boolean;
  /** Charts with the same key share their cursor. */
  sync: string;
}

/** One quantity over the last fifteen minutes. */
export function Chart(props: ChartProps) {
  const { label, unit, times, values, line, height = 96, emphasis = false } = props;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const build = () => {
      plot.current?.destroy();
      const width = element.current!.clientWidth || 300;
      plot.current = new uPlot(options(latest, width, height, readPalette()), data(latest.current), element.current!);
    };
    build();
    const resize = new ResizeObserver(() => {
      const width = element.current?.clientWidth;
      if (width && plot.current && width !== plot.current.width) plot.current.setSize({ width, height });
    });
    resize.observe(element.current!);
    const stop = onSchemeChange(build);
    return () => {
      stop();
      resize.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [height]);

  useEffect(() => {
    plot.current?.setData(data(latest.current));
  }, [times.length, times.at(-1), line?.at]);

  const last = values.findLast((v) => v !== null);
  return (
    <figure class={`chart ${emphasis ? 'emphasis' : ''}`} aria-label={`${label}, last 15 minutes, now ${withUnit(last, unit)}`}>
      <figcaption>
        <span>{label}</span>
        {line && (
          <span class="muted">
            {line.name} {value(line.at)}
          </span>
        )}
        <b>{withUnit(last, unit)}</b>
      </figcaption>
      <div ref={element} class="plot" />
    </figure>
  );
}

const data = ({ times, values }: ChartProps): uPlot.AlignedData => [times.map((t) => t / 1000), values];

function options(latest: { current: ChartProps }, width: number, height: number, palette: Palette): uPlot.Options {
  const { unit, range, emphasis, sync } = latest.current;
  const stroke = emphasis ? palette.severity.major : palette.accent;
  const axis = { stroke: palette.muted, font: '10px system-ui', ticks: { show: false }, grid: { stroke: palette.line, width: 1 } };
  return {
    width,
    height,
    padding: [6, 6, 0, 0],
    cursor: { sync: { key: sync }, drag: { x: false, y: false }, points: { size: 6 } },
    legend: { show: false },
    scales: {
      x: { time: true, range: (_, min, max) => (max - min < windowMs / 1000 / 3 ? [max - windowMs / 1000 / 3, max] : [min, max]) },
      y: { range: range ?? ((_, min, max) => spread(min, max, latest.current.line?.at)) },
    },
    axes: [
      { ...axis, size: 20, space: 70, values: (_, ticks) => ticks.map((t) => new Date(t * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })) },
      { ...axis, size: 42, space: 18, values: (_, ticks) => ticks.map(value) },
    ],
    series: [{}, { stroke, width: 1.5, fill: `${stroke}18`, points: { show: false }, spanGaps: false, value: (_, v) => withUnit(v, unit) }],
    hooks: { draw: [(u) => drawLine(u, latest.current.line?.at, palette)], setCursor: [(u) => showValue(u, unit)] },
  };
}

/** Some room around the values, so that noise does not look like an event. */
function spread(min: number | null, max: number | null, line?: number): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const low = line === undefined ? min : Math.min(min, line);
  const high = line === undefined ? max : Math.max(max, line);
  const room = Math.max((high - low) * 0.15, Math.abs(high) * 0.01, 0.05);
  return [low - room, high + room];
}

function drawLine(u: uPlot, at: number | undefined, palette: Palette): void {
  if (at === undefined) return;
  const y = u.valToPos(at, 'y', true);
  const { left, width } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = palette.text;
  u.ctx.globalAlpha = 0.6;
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  u.ctx.beginPath();
  u.ctx.moveTo(left, y);
  u.ctx.lineTo(left + width, y);
  u.ctx.stroke();
  u.ctx.restore();
}

/** The value under the pointer, in the chart's corner. */
function showValue(u: uPlot, unit: string): void {
  let box = u.over.querySelector<HTMLElement>('.at-cursor');
  if (!box) {
    box = document.createElement('span');
    box.className = 'at-cursor';
    u.over.append(box);
  }
  const index = u.cursor.idx;
  const at = index === null || index === undefined ? undefined : u.data[1]?.[index];
  box.textContent = at === undefined || at === null ? '' : withUnit(at, unit);
}
