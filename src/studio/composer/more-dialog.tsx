import { useEffect, useId, useRef } from 'react';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { AccelerationSetting } from './acceleration-setting.tsx';
import { adjustmentsOf, type FormField, GUIDANCE, PRESETS, planDrawing, STEPS } from './draw-form.ts';
import { NumberSetting } from './number-setting.tsx';
import { PresetPicker } from './preset-picker.tsx';
import { RangeSetting } from './range-setting.tsx';
import { SeedSetting } from './seed-setting.tsx';
import { SizeSetting } from './size-setting.tsx';
import './more-dialog.css';

/** Everything that can be set about a drawing, in a drawer at the side. */
export function MoreDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  /** Closes it, unless something in it cannot be drawn: that is gone to, and its words say why. */
  const finish = () => {
    const wrong = dialog.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    if (wrong) wrong.focus();
    else onClose();
  };
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className="drawer"
      aria-labelledby={titleId}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {open && (
        <div className="drawer-sheet">
          <header>
            <h2 id={titleId}>How to make it</h2>
            <button type="button" className="btn icon-only quiet" aria-label="Close" onClick={onClose}>
              <Icon name="close" />
            </button>
          </header>
          <div className="drawer-body">
            <PresetPicker name="preset-more" steps />
            <Changes />
            <Adjusting />
          </div>
          <footer>
            <button type="button" className="btn primary" onClick={finish}>
              Done
            </button>
          </footer>
        </div>
      )}
    </dialog>
  );
}

function Changes() {
  const form = useStudio((state) => state.form);
  const { resetSettings } = useActions();
  const count = Object.keys(form.changes).length;
  const preset = PRESETS[form.preset].label;
  return (
    <p className="changes">
      <span>
        {count === 0 ? (
          `Nothing changed from ${preset}`
        ) : (
          <>
            <b>{count === 1 ? '1 change' : `${count} changes`}</b> from {preset}
          </>
        )}
      </span>
      {count > 0 && (
        <button type="button" className="btn quiet" onClick={resetSettings}>
          <Icon name="undo" />
          <span>Put back</span>
        </button>
      )}
    </p>
  );
}

function Adjusting() {
  const form = useStudio((state) => state.form);
  const { change } = useActions();
  const values = adjustmentsOf(form);
  // A seed that is open is drawn by chance, whatever stands there.
  const plan = planDrawing({ ...form, prompt: '-' }, form.seedLocked ? form.seed : 0);
  const problem = (field: FormField) =>
    plan.ok ? undefined : plan.problems.find((each) => each.field === field)?.action;
  const changed = (field: keyof typeof values) => field in form.changes;
  const negativeId = useId();
  return (
    <>
      <SizeSetting problem={problem('size')} />
      <NumberSetting
        label="Steps"
        note="More is slower and cleaner."
        value={values.steps}
        {...STEPS}
        step={1}
        changed={changed('steps')}
        problem={problem('steps')}
        onChange={(steps) => change({ steps })}
      />
      <NumberSetting
        label="Follow the words"
        note="Text guidance. Higher obeys more and paints harder."
        value={values.textGuidance}
        {...GUIDANCE}
        step={0.1}
        changed={changed('textGuidance')}
        problem={problem('textGuidance')}
        onChange={(textGuidance) => change({ textGuidance })}
      />
      <NumberSetting
        label="Follow the pictures"
        note="Image guidance. Raise it when things stop looking like the pictures you gave."
        value={values.imageGuidance}
        {...GUIDANCE}
        step={0.1}
        changed={changed('imageGuidance')}
        problem={problem('imageGuidance')}
        onChange={(imageGuidance) => change({ imageGuidance })}
      />
      <RangeSetting
        value={values.guidanceRange}
        changed={changed('guidanceRange')}
        onChange={(guidanceRange) => change({ guidanceRange })}
      />
      <div className={changed('scheduler') ? 'set inline changed' : 'set inline'}>
        <span className="set-label">Scheduler</span>
        <fieldset className="segmented">
          <legend className="visually-hidden">Scheduler</legend>
          {(
            [
              ['euler', 'Euler'],
              ['dpmsolver++', 'DPM++'],
            ] as const
          ).map(([scheduler, name]) => (
            <label key={scheduler}>
              <input
                type="radio"
                name="scheduler"
                checked={values.scheduler === scheduler}
                onChange={() => change({ scheduler })}
              />
              <span>
                <b>{name}</b>
              </span>
            </label>
          ))}
        </fieldset>
      </div>
      <AccelerationSetting
        value={values.acceleration}
        changed={changed('acceleration')}
        onChange={(acceleration) => change({ acceleration })}
      />
      <SeedSetting problem={problem('seed')} />
      <div className={changed('negativePrompt') ? 'set changed' : 'set'}>
        <label htmlFor={negativeId}>Leave out</label>
        <textarea
          id={negativeId}
          rows={2}
          className="prose"
          placeholder="blurry, extra ears"
          value={values.negativePrompt}
          onChange={(event) => change({ negativePrompt: event.target.value })}
        />
        <p>Negative prompt: what guidance steers away from.</p>
      </div>
    </>
  );
}
