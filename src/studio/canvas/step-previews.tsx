import { type CSSProperties, type KeyboardEvent, useRef } from 'react';
import { type RoundView, stepPreviewAt } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { PictureView } from '../ui/picture-view.tsx';
import './step-previews.css';

/** How many steps a row has at most. A narrow window has shorter rows. */
export const STEPS_IN_ROW = 20;

interface StepPreviewsProps {
  /** Undefined before the first step. */
  readonly round: RoundView | undefined;
  /** The number of places. */
  readonly steps: number;
  readonly running: boolean;
}

/** A thumbnail for each step. Hovering, clicking or the arrow keys show a step in the large picture. */
export function StepPreviews({ round, steps, running }: StepPreviewsProps) {
  const previewedStep = useStudio((state) => state.previewedStep);
  const { previewStep } = useActions();
  const list = useRef<HTMLOListElement>(null);
  const chosen = round && previewedStep?.round === round.round ? previewedStep.step : undefined;
  const latest = round?.stepPreviews.at(-1)?.step ?? 0;
  const places = Array.from({ length: steps }, (_, index) => index + 1);

  const choose = (step: number) =>
    previewStep(!round || step >= latest ? undefined : { round: round.round, step });
  const onKeyDown = (event: KeyboardEvent) => {
    const to = stepForKey(event.key, chosen ?? latest, latest);
    if (to === undefined || !round) return;
    event.preventDefault();
    const preview = stepPreviewAt(round, to) ?? round.stepPreviews[0];
    if (!preview) return;
    choose(preview.step);
    list.current?.querySelector<HTMLElement>(`[data-step="${preview.step}"]`)?.focus();
  };

  return (
    <ol
      ref={list}
      className="step-previews"
      aria-label="Steps so far; choose one to see it"
      style={{ '--columns': Math.min(STEPS_IN_ROW, steps) } as CSSProperties}
      onKeyDown={onKeyDown}
      onMouseLeave={() => previewStep(undefined)}
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || previewStep(undefined)}
    >
      {places.map((step) => {
        const preview = round?.stepPreviews.find((each) => each.step === step);
        const current = running && step === latest;
        return (
          <li
            key={step}
            className={current ? 'current' : undefined}
            aria-current={current ? 'step' : undefined}
          >
            {preview ? (
              <button
                type="button"
                data-step={step}
                aria-label={`Step ${step}`}
                aria-pressed={chosen === step}
                tabIndex={step === (chosen ?? latest) ? 0 : -1}
                onClick={() => choose(step)}
                onMouseEnter={() => choose(step)}
              >
                <PictureView picture={preview.picture} />
              </button>
            ) : null}
            {(current || !preview) && <b aria-hidden="true">{step}</b>}
          </li>
        );
      })}
    </ol>
  );
}

/** The step that an arrow key, Home or End moves to. */
function stepForKey(key: string, at: number, latest: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
      return Math.max(1, at - 1);
    case 'ArrowRight':
      return Math.min(latest, at + 1);
    case 'Home':
      return 1;
    case 'End':
      return latest;
    default:
      return undefined;
  }
}
