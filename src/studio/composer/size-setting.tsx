import { useId } from 'react';
import { useActions, useStudio } from '../store/context.tsx';
import { adjustmentsOf, isEdge, NATIVE_EDGE, SIZE, shapeLike, sizeOf } from './draw-form.ts';

const SHAPES: readonly { readonly name: string; readonly ratio: number }[] = [
  { name: '1:1', ratio: 1 },
  { name: '4:3', ratio: 4 / 3 },
  { name: '3:4', ratio: 3 / 4 },
  { name: '16:9', ratio: 16 / 9 },
  { name: '9:16', ratio: 9 / 16 },
];

/** The shape by its ratio, or width and height in pixels. */
export function SizeSetting({ problem }: { problem: string | undefined }) {
  const noteId = useId();
  const form = useStudio((state) => state.form);
  const { change } = useActions();
  const { size } = adjustmentsOf(form);
  const { width, height } = sizeOf(form);
  const fixed = (next: { readonly width: number; readonly height: number }) =>
    change({ size: { kind: 'fixed', ...next } });
  const isShape = (ratio: number) => {
    const shape = shapeLike(ratio);
    return size.kind === 'fixed' && shape.width === width && shape.height === height;
  };
  return (
    <fieldset className={size.kind === 'fixed' ? 'set changed' : 'set'}>
      <legend>Shape and size</legend>
      <div className="shapes">
        <label>
          <input
            type="radio"
            name="shape"
            checked={size.kind === 'auto'}
            onChange={() => change({ size: { kind: 'auto' } })}
          />
          <span className="shape-face">
            <i className="shape-mark dashed" style={{ aspectRatio: 1 }} />
            {form.references.length === 1 ? 'As image 1' : 'Auto'}
          </span>
        </label>
        {SHAPES.map(({ name, ratio }) => (
          <label key={name}>
            <input
              type="radio"
              name="shape"
              checked={isShape(ratio)}
              onChange={() => fixed(shapeLike(ratio))}
            />
            <span className="shape-face">
              <i
                className="shape-mark"
                style={{ aspectRatio: ratio, width: `${1.7 * Math.min(1.3, Math.sqrt(ratio))}rem` }}
              />
              {name}
            </span>
          </label>
        ))}
      </div>
      <div className="row tight">
        <EdgeField
          label="Width"
          value={width}
          noteId={noteId}
          wrong={problem !== undefined && !isEdge(width)}
          onChange={(value) => fixed({ width: value, height })}
        />
        <span aria-hidden="true">×</span>
        <EdgeField
          label="Height"
          value={height}
          noteId={noteId}
          wrong={problem !== undefined && !isEdge(height)}
          onChange={(value) => fixed({ width, height: value })}
        />
        <span className="meta">pixels</span>
      </div>
      <p id={noteId} className={problem ? 'set-problem' : undefined}>
        {problem ??
          `The built-in model has learnt ${NATIVE_EDGE} × ${NATIVE_EDGE}; other sizes are an experiment.`}
      </p>
    </fieldset>
  );
}

interface EdgeFieldProps {
  readonly label: string;
  readonly value: number;
  /** Of the words that say what is wrong. */
  readonly noteId: string;
  readonly wrong: boolean;
  onChange(value: number): void;
}

function EdgeField({ label, value, noteId, wrong, onChange }: EdgeFieldProps) {
  return (
    <input
      className="typed"
      type="number"
      aria-label={`${label} in pixels`}
      min={SIZE.min}
      max={SIZE.max}
      step={SIZE.multiple}
      value={Number.isNaN(value) ? '' : value}
      aria-describedby={noteId}
      aria-invalid={wrong}
      onChange={(event) => onChange(event.target.valueAsNumber)}
    />
  );
}
