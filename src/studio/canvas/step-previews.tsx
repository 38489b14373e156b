import { type CSSProperties, type KeyboardEvent, useRef } from 'react';
import { frameAt, type RoundView } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { PictureView } from '../ui/picture-view.tsx';
import './step-previews.css';

/** The steps of a drawing so far; hovering, clicking or the arrow keys look back at one of them. */
export function FilmStrip({ round, running }: { round: RoundView; running: boolean }) {
  const lookBack = useStudio((state) => state.lookBack);
  const actions = useActions();
  const list = useRef<HTMLOListElement>(null);
  const looked = lookBack?.round === round.round ? lookBack.step : undefined;
  const latest = round.frames.at(-1)?.step ?? 0;
  const steps = Array.from({ length: round.steps }, (_, index) => index + 1);

  const look = (step: number) => actions.lookBack(step >= latest ? undefined : { round: round.round, step });
  const onKeyDown = (event: KeyboardEvent) => {
    const at = looked ?? latest;
    const to = nextStep(event.key, at, latest);
    if (to === undefined) return;
    event.preventDefault();
    const frame = frameAt(round, to) ?? round.frames[0];
    if (!frame) return;
    look(frame.step);
    list.current?.querySelector<HTMLElement>(`[data-step="${frame.step}"]`)?.focus();
  };

  return (
    <ol
      ref={list}
      className="film"
      aria-label="Steps so far; choose one to look at it"
      style={{ '--columns': Math.min(20, round.steps) } as CSSProperties}
      onKeyDown={onKeyDown}
      onMouseLeave={() => actions.lookBack(undefined)}
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || actions.lookBack(undefined)}
    >
      {steps.map((step) => {
        const frame = round.frames.find((each) => each.step === step);
        const now = running && step === latest;
        return (
          <li key={step} className={now ? 'now' : undefined} aria-current={now ? 'step' : undefined}>
            {frame ? (
              <button
                type="button"
                data-step={step}
                aria-label={`Step ${step}`}
                aria-pressed={looked === step}
                tabIndex={step === (looked ?? latest) ? 0 : -1}
                onClick={() => look(step)}
                onMouseEnter={() => look(step)}
              >
                <PictureView picture={frame.picture} />
              </button>
            ) : null}
            {(now || !frame) && <b aria-hidden="true">{step}</b>}
          </li>
        );
      })}
    </ol>
  );
}

function nextStep(key: string, at: number, latest: number): number | undefined {
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
