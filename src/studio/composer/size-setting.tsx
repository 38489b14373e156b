import { useId } from 'react';
import { DRAW_SETTINGS } from '../../settings/draw-settings.ts';
import { modelSubject } from '../models/chosen-model.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { isSide, type Size, settingsOf, shapeLike, sizeOf } from './draw-form.ts';
import './size-setting.css';

const SHAPES: readonly { readonly name: string; readonly ratio: number }[] = [
  { name: '1:1', ratio: 1 },
  { name: '4:3', ratio: 4 / 3 },
  { name: '3:4', ratio: 3 / 4 },
  { name: '16:9', ratio: 16 / 9 },
  { name: '9:16', ratio: 9 / 16 },
];

/** Chooses the size: automatic, one of several shapes, or a width and a height in pixels. */
export function SizeSetting({ problem }: { problem: string | undefined }) {
  const noteId = useId();
  const form = useStudio((state) => state.form);
  const { change } = useActions();
  const model = useStudio((state) => state.chosen);
  const { alignSize } = settingsOf(form);
  const { trainedSide, usualSide } = form;
  const { width, height } = sizeOf(form);
  const fix = (size: Size) => change({ ...size, alignSize: false });
  const isShape = (ratio: number) => {
    const shape = shapeLike(ratio, usualSide);
    return !alignSize && shape.width === width && shape.height === height;
  };
  return (
    <fieldset className={alignSize ? 'setting' : 'setting changed'}>
      <legend>Shape and size</legend>
      <div className="shapes">
        <label>
          <input
            type="radio"
            name="shape"
            checked={alignSize}
            onChange={() => change({ ...shapeLike(1, usualSide), alignSize: true })}
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
              onChange={() => fix(shapeLike(ratio, usualSide))}
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
        <SideField
          label="Width"
          value={width}
          noteId={noteId}
          wrong={problem !== undefined && !isSide(width)}
          onChange={(value) => fix({ width: value, height })}
        />
        <span aria-hidden="true">×</span>
        <SideField
          label="Height"
          value={height}
          noteId={noteId}
          wrong={problem !== undefined && !isSide(height)}
          onChange={(value) => fix({ width, height: value })}
        />
        <span className="meta">pixels</span>
      </div>
      <p id={noteId} className={problem ? 'setting-problem' : undefined}>
        {problem ??
          `${modelSubject(model)} was trained at ${trainedSide} × ${trainedSide}. Other sizes may look worse.`}
      </p>
    </fieldset>
  );
}

interface SideFieldProps {
  readonly label: string;
  readonly value: number;
  /** The element with the note about a wrong value. */
  readonly noteId: string;
  readonly wrong: boolean;
  onChange(value: number): void;
}

function SideField({ label, value, noteId, wrong, onChange }: SideFieldProps) {
  const { min, max, usual } = DRAW_SETTINGS.width;
  return (
    <input
      className="number-input"
      type="number"
      aria-label={`${label} in pixels`}
      min={min}
      max={max}
      step={usual.step}
      value={Number.isNaN(value) ? '' : value}
      aria-describedby={noteId}
      aria-invalid={wrong}
      onChange={(event) => onChange(event.target.valueAsNumber)}
    />
  );
}
