import { useId, useState } from 'react';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { isSeed, readSeed } from './draw-form.ts';

/** The seed: typed, random, or locked, so that the same prompt gives the same picture. */
export function SeedSetting({ problem }: { problem: string | undefined }) {
  const { seed, seedLocked } = useStudio((state) => state.form);
  const { setSeed, rollSeed, lockSeed } = useActions();
  // A wrong seed stays as it was typed, and `problem` says what is wrong.
  const [typed, setTyped] = useState(Number.isNaN(seed) ? '' : String(seed));
  const id = useId();
  const noteId = useId();
  const note = seedLocked
    ? 'Locked: the same prompt gives the same picture.'
    : 'Unlocked: each picture gets a new seed.';
  return (
    <div className={seedLocked ? 'setting changed' : 'setting'}>
      <label htmlFor={id}>Seed</label>
      <div className="row tight">
        <span className="field grow">
          <input
            id={id}
            className="mono"
            inputMode="numeric"
            value={isSeed(seed) ? seed : typed}
            aria-describedby={noteId}
            aria-invalid={problem !== undefined}
            onChange={(event) => {
              setTyped(event.target.value);
              setSeed(readSeed(event.target.value));
            }}
          />
        </span>
        <button
          type="button"
          className="btn icon-only"
          aria-label="New seed"
          title="New seed"
          onClick={rollSeed}
        >
          <Icon name="dice" />
        </button>
        <button
          type="button"
          className="btn icon-only"
          aria-label="Lock the seed"
          title="Lock the seed"
          aria-pressed={seedLocked}
          onClick={() => lockSeed(!seedLocked)}
        >
          <Icon name="lock" />
        </button>
      </div>
      <p id={noteId} className={problem ? 'setting-problem' : undefined}>
        {problem ?? note}
      </p>
    </div>
  );
}
