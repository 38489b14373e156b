import { useId } from 'react';
import type { Acceleration } from '../../settings/draw-settings.ts';

/** Name and description of each acceleration. */
const CHOICES = [
  ['none', 'Off', 'Computes every layer in every step.'],
  [
    'teacache',
    'TeaCache',
    'Reuses the result of the step before if little changes. Faster, slightly less exact.',
  ],
  [
    'taylorseer',
    'TaylorSeer',
    'Predicts two of three steps from earlier ones. Even faster; use 20 steps or more.',
  ],
] as const satisfies readonly (readonly [Acceleration, string, string])[];

/** The name of an acceleration on the page. */
export function accelerationName(acceleration: Acceleration): string {
  return CHOICES.find(([choice]) => choice === acceleration)?.[1] ?? acceleration;
}

interface AccelerationSettingProps {
  readonly value: Acceleration;
  readonly changed: boolean;
  onChange(value: Acceleration): void;
}

/** Chooses an acceleration. */
export function AccelerationSetting({ value, changed, onChange }: AccelerationSettingProps) {
  const name = useId();
  const note = CHOICES.find(([choice]) => choice === value)?.[2];
  return (
    <div className={changed ? 'setting changed' : 'setting'}>
      <span className="setting-label">Acceleration</span>
      <fieldset className="segmented stacked">
        <legend className="visually-hidden">Acceleration</legend>
        {CHOICES.map(([choice, label]) => (
          <label key={choice}>
            <input type="radio" name={name} checked={value === choice} onChange={() => onChange(choice)} />
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
