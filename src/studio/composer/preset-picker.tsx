import { useActions, useStudio } from '../store/context.tsx';
import { presetMs } from '../store/selectors.ts';
import { formatTimeLeft } from '../ui/format.ts';
import { PRESET_NAMES, PRESETS, type PresetName } from './draw-form.ts';

/** Chooses a preset. Shows the time of each once it was measured on this machine. */
export function PresetPicker({ name, steps = false }: { name: string; steps?: boolean }) {
  const chosen = useStudio((state) => state.form.preset);
  const { setPreset } = useActions();
  return (
    <fieldset className={steps ? 'segmented stacked' : 'segmented'}>
      <legend className="visually-hidden">Preset</legend>
      {PRESET_NAMES.map((preset) => (
        <label key={preset}>
          <input
            type="radio"
            name={name}
            value={preset}
            checked={preset === chosen}
            onChange={() => setPreset(preset)}
          />
          <span>
            <b>{PRESETS[preset].label}</b>
            <PresetFacts preset={preset} steps={steps} />
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function PresetFacts({ preset, steps }: { preset: PresetName; steps: boolean }) {
  const expected = useStudio((state) => presetMs(state, preset));
  const facts = [
    ...(steps ? [`${PRESETS[preset].steps} steps`] : []),
    ...(expected === undefined ? [] : [formatTimeLeft(expected)]),
  ];
  return facts.length === 0 ? null : <small>{facts.join(', ')}</small>;
}
