import { type CSSProperties, useId } from 'react';
import type { NumberSetting as Setting } from '../../settings/setting.ts';

interface NumberSettingProps {
  readonly setting: Setting;
  readonly label: string;
  readonly note: string;
  readonly value: number;
  readonly changed: boolean;
  /** What is wrong with the value, and what to do. */
  readonly problem: string | undefined;
  onChange(value: number): void;
}

/**
 * A text box and a slider for a number. The slider has the usual range; the text box takes every value that
 * the setting allows. It keeps a wrong value while a person types, and `problem` says what is wrong.
 */
export function NumberSetting({
  setting,
  label,
  note,
  value,
  changed,
  problem,
  onChange,
}: NumberSettingProps) {
  const typedId = useId();
  const noteId = useId();
  const { min, max, step } = setting.usual;
  const slid = Number.isNaN(value) ? min : Math.min(max, Math.max(min, value));
  return (
    <div className={changed ? 'setting changed' : 'setting'}>
      <div className="setting-head">
        <label htmlFor={typedId}>{label}</label>
        <input
          id={typedId}
          className="number-input"
          type="number"
          inputMode="decimal"
          min={setting.min}
          max={setting.max}
          step={step}
          value={Number.isNaN(value) ? '' : value}
          aria-describedby={noteId}
          aria-invalid={problem !== undefined}
          onChange={(event) => onChange(event.target.valueAsNumber)}
        />
      </div>
      <input
        type="range"
        aria-label={`${label}, slider`}
        min={min}
        max={max}
        step={step}
        value={slid}
        style={{ '--at': `${(100 * (slid - min)) / (max - min)}%` } as CSSProperties}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <p id={noteId} className={problem ? 'setting-problem' : undefined}>
        {problem ?? note}
      </p>
    </div>
  );
}
