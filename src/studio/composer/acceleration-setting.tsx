import { useId } from 'react';
import type { Acceleration } from '../../protocol.ts';

/** How each way of skipping work is called, and what it does. */
const WAYS = [
  ['none', 'Off', 'Every step is computed whole.'],
  [
    'teacache',
    'TeaCache',
    'Where a step would change little, it reuses the one before. Faster, a little less exact.',
  ],
  [
    'taylorseer',
    'TaylorSeer',
    'Two of three steps are foreseen from earlier ones. Faster still; use 20 steps or more.',
  ],
] as const satisfies readonly (readonly [Acceleration, string, string])[];

/** The name of a way of skipping work, as the page says it. */
export function accelerationName(acceleration: Acceleration): string {
  return WAYS.find(([way]) => way === acceleration)?.[1] ?? acceleration;
}

interface AccelerationSettingProps {
  readonly value: Acceleration;
  readonly changed: boolean;
  onChange(value: Acceleration): void;
}

/** Whether to draw faster and a little less exactly. */
export function AccelerationSetting({ value, changed, onChange }: AccelerationSettingProps) {
  const name = useId();
  const note = WAYS.find(([way]) => way === value)?.[2];
  return (
    <div className={changed ? 'set changed' : 'set'}>
      <span className="set-label">Skip work that changes little</span>
      <fieldset className="seg stacked">
        <legend className="unseen">Skip work that changes little</legend>
        {WAYS.map(([way, label]) => (
          <label key={way}>
            <input type="radio" name={name} checked={value === way} onChange={() => onChange(way)} />
            <span>
              <b>{label}</b>
            </span>
          </label>
        ))}
      </fieldset>
      <p>{note}</p>
    </div>
  );
}
