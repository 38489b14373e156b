import type { CSSProperties } from 'react';
import './range-setting.css';

interface RangeSettingProps {
  /** Start and end as fractions of the steps. */
  readonly value: readonly [number, number];
  readonly changed: boolean;
  onChange(value: readonly [number, number]): void;
}

/** The part of the steps with guidance: one track with two thumbs that cannot pass each other. */
export function RangeSetting({ value, changed, onChange }: RangeSettingProps) {
  const [from, to] = value.map((fraction) => Math.round(100 * fraction)) as [number, number];
  const track = { '--from': `${from}%`, '--to': `${to}%` } as CSSProperties;
  return (
    <div className={changed ? 'setting changed' : 'setting'}>
      <div className="setting-head">
        <span className="setting-label">Guidance range</span>
        <output>
          {from} – {to} % of the steps
        </output>
      </div>
      <div className="range-slider" style={track}>
        <span className="range-slider-span" aria-hidden="true" />
        <input
          type="range"
          min={0}
          max={100}
          value={from}
          aria-label="Start of guidance, in percent of the steps"
          onChange={(event) => onChange([Math.min(event.target.valueAsNumber, to) / 100, to / 100])}
        />
        <input
          type="range"
          min={0}
          max={100}
          value={to}
          aria-label="End of guidance, in percent of the steps"
          onChange={(event) => onChange([from / 100, Math.max(event.target.valueAsNumber, from) / 100])}
        />
      </div>
      <p>Guidance in fewer steps is faster.</p>
    </div>
  );
}
