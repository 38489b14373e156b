import { useId } from 'react';
import { ACCELERATIONS, type Acceleration } from '../../settings/draw-settings.ts';

const TEXTS: Readonly<Record<Acceleration, { readonly name: string; readonly note: string }>> = {
  none: { name: 'Off', note: 'Computes every layer in every step.' },
  teacache: {
    name: 'TeaCache',
    note: 'Reuses the result of the step before if little changes. Faster, slightly less exact.',
  },
  taylorseer: {
    name: 'TaylorSeer',
    note: 'Predicts two of three steps from earlier ones. Even faster; use 20 steps or more.',
  },
};

/** The name of an acceleration on the page. */
export function accelerationName(acceleration: Acceleration): string {
  return TEXTS[acceleration].name;
}

interface AccelerationSettingProps {
  readonly value: Acceleration;
  readonly changed: boolean;
  onChange(value: Acceleration): void;
}

/** Chooses an acceleration. */
export function AccelerationSetting({ value, changed, onChange }: AccelerationSettingProps) {
  const name = useId();
  return (
    <div className={changed ? 'setting changed' : 'setting'}>
      <span className="setting-label">Acceleration</span>
      <fieldset className="segmented stacked">
        <legend className="visually-hidden">Acceleration</legend>
        {ACCELERATIONS.map((choice) => (
          <label key={choice}>
            <input type="radio" name={name} checked={value === choice} onChange={() => onChange(choice)} />
            <span>
              <b>{TEXTS[choice].name}</b>
            </span>
          </label>
        ))}
      </fieldset>
      <p>{TEXTS[value].note}</p>
    </div>
  );
}
