import { type CSSProperties, useId } from 'react';

interface NumberSettingProps {
  readonly label: string;
  readonly note: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly changed: boolean;
  /** What to do about a value that cannot be used. */
  readonly problem: string | undefined;
  onChange(value: number): void;
}

/** A number that can be typed or slid. What is typed may be wrong for a while; `problem` then says so. */
export function NumberSetting(props: NumberSettingProps) {
  const { label, note, value, min, max, step, changed, problem, onChange } = props;
  const typedId = useId();
  const noteId = useId();
  const at = Number.isNaN(value) ? 0 : Math.min(1, Math.max(0, (value - min) / (max - min)));
  return (
    <div className={changed ? 'set changed' : 'set'}>
      <div className="set-head">
        <label htmlFor={typedId}>{label}</label>
        <input
          id={typedId}
          className="typed"
          type="number"
          inputMode="decimal"
          min={min}
          max={max}
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
        value={Number.isNaN(value) ? min : value}
        style={{ '--at': `${100 * at}%` } as CSSProperties}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <p id={noteId} className={problem ? 'set-problem' : undefined}>
        {problem ?? note}
      </p>
    </div>
  );
}
