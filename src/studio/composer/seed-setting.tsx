import { useId } from 'react';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';

/** The seed: typed, rolled, or locked so that the same words give the same picture. */
export function SeedSetting({ problem }: { problem: string | undefined }) {
  const { seed, seedLocked } = useStudio((state) => state.form);
  const { setSeed, rollSeed, lockSeed } = useActions();
  const id = useId();
  const noteId = useId();
  const note = seedLocked
    ? 'Locked: the same words give the same picture.'
    : 'Open: each picture gets a new seed.';
  return (
    <div className={seedLocked ? 'set changed' : 'set'}>
      <label htmlFor={id}>Seed</label>
      <div className="row tight">
        <span className="field grow">
          <input
            id={id}
            className="mono"
            inputMode="numeric"
            value={Number.isNaN(seed) ? '' : seed}
            aria-describedby={noteId}
            aria-invalid={problem !== undefined}
            onChange={(event) => {
              const digits = event.target.value.replace(/\D/g, '');
              setSeed(digits === '' ? Number.NaN : Number(digits));
            }}
          />
        </span>
        <button type="button" className="btn only" aria-label="New seed" title="New seed" onClick={rollSeed}>
          <Icon name="dice" />
        </button>
        <button
          type="button"
          className="btn only"
          aria-label="Keep this seed"
          title="Keep this seed"
          aria-pressed={seedLocked}
          onClick={() => lockSeed(!seedLocked)}
        >
          <Icon name="lock" />
        </button>
      </div>
      <p id={noteId} className={problem ? 'set-problem' : undefined}>
        {problem ?? note}
      </p>
    </div>
  );
}
