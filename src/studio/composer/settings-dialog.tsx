import { useEffect, useId, useRef } from 'react';
import { DRAW_SETTINGS, SCHEDULERS, type SchedulerName } from '../../settings/draw-settings.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { AccelerationSetting } from './acceleration-setting.tsx';
import { changeCount, type FormField, PRESETS, requestOf, settingsOf } from './draw-form.ts';
import { NumberSetting } from './number-setting.tsx';
import { PresetPicker } from './preset-picker.tsx';
import { RangeSetting } from './range-setting.tsx';
import { SeedSetting } from './seed-setting.tsx';
import { SizeSetting } from './size-setting.tsx';
import './settings-dialog.css';

const SCHEDULER_NAMES: Readonly<Record<SchedulerName, string>> = {
  euler: 'Euler',
  'dpmsolver++': 'DPM-Solver++',
};

/** All settings of a drawing, in a drawer at the side of the page. */
export function SettingsDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  /** Closes the dialog, or focuses the first invalid setting: its note says what is wrong. */
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
            <h2 id={titleId}>Settings</h2>
            <button type="button" className="btn icon-only quiet" aria-label="Close" onClick={onClose}>
              <Icon name="close" />
            </button>
          </header>
          <div className="drawer-body">
            <PresetPicker name="preset-in-settings" steps />
            <Changes />
            <Controls />
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
  const count = changeCount(form);
  const preset = PRESETS[form.preset].label;
  return (
    <p className="changes">
      <span>
        {count === 0 ? (
          `No changes from ${preset}`
        ) : (
          <>
            <b>{count === 1 ? '1 change' : `${count} changes`}</b> from {preset}
          </>
        )}
      </span>
      {count > 0 && (
        <button type="button" className="btn quiet" onClick={resetSettings}>
          <Icon name="undo" />
          <span>Reset</span>
        </button>
      )}
    </p>
  );
}

function Controls() {
  const form = useStudio((state) => state.form);
  const { change } = useActions();
  const values = settingsOf(form);
  // An unlocked seed is replaced by a random one, so it cannot be wrong.
  const result = requestOf({ ...form, prompt: '-' }, form.seedLocked ? form.seed : 0);
  const problem = (field: FormField) => {
    const found = result.ok ? undefined : result.problems.find((each) => each.field === field);
    return found && `${found.message} ${found.action}`;
  };
  const changed = (field: keyof typeof values) => field in form.changes;
  const negativeId = useId();
  return (
    <>
      <SizeSetting problem={problem('size')} />
      <NumberSetting
        setting={DRAW_SETTINGS.steps}
        label="Steps"
        note="More steps take longer and give cleaner pictures."
        value={values.steps}
        changed={changed('steps')}
        problem={problem('steps')}
        onChange={(steps) => change({ steps })}
      />
      <NumberSetting
        setting={DRAW_SETTINGS.textGuidance}
        label="Follow the prompt"
        note="Text guidance. Higher values follow the prompt more closely, with harsher colours."
        value={values.textGuidance}
        changed={changed('textGuidance')}
        problem={problem('textGuidance')}
        onChange={(textGuidance) => change({ textGuidance })}
      />
      <NumberSetting
        setting={DRAW_SETTINGS.imageGuidance}
        label="Follow the pictures"
        note="Image guidance. Raise it if the result differs too much from your pictures."
        value={values.imageGuidance}
        changed={changed('imageGuidance')}
        problem={problem('imageGuidance')}
        onChange={(imageGuidance) => change({ imageGuidance })}
      />
      <RangeSetting
        value={values.guidanceRange}
        changed={changed('guidanceRange')}
        onChange={(guidanceRange) => change({ guidanceRange })}
      />
      <div className={changed('scheduler') ? 'setting inline changed' : 'setting inline'}>
        <span className="setting-label">Scheduler</span>
        <fieldset className="segmented">
          <legend className="visually-hidden">Scheduler</legend>
          {SCHEDULERS.map((scheduler) => (
            <label key={scheduler}>
              <input
                type="radio"
                name="scheduler"
                checked={values.scheduler === scheduler}
                onChange={() => change({ scheduler })}
              />
              <span>
                <b>{SCHEDULER_NAMES[scheduler]}</b>
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
      <div className={changed('negativePrompt') ? 'setting changed' : 'setting'}>
        <label htmlFor={negativeId}>Leave out</label>
        <textarea
          id={negativeId}
          rows={2}
          className="prose"
          placeholder="blurry, extra ears"
          value={values.negativePrompt}
          onChange={(event) => change({ negativePrompt: event.target.value })}
        />
        <p>Negative prompt. Guidance steers away from it.</p>
      </div>
    </>
  );
}
