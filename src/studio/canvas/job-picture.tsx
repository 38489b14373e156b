import { useEffect, useId, useState } from 'react';
import type { Picture } from '../../protocol.ts';
import { type DrawJob, frameAt, isOver, keptOf, type RoundView } from '../jobs/draw-job.ts';
import { doingWords } from '../jobs/status-text.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { timeLeft } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { PictureView } from '../ui/picture-view.tsx';
import { ResultNotes } from '../ui/result-notes.tsx';
import { LoadingBar } from './loading-bar.tsx';
import { MadeWith } from './picture-summary.tsx';
import { EaselSketch } from './placeholder-sketch.tsx';
import { FilmStrip } from './step-previews.tsx';
import './job-picture.css';

/** One picture on its mat: how it comes into being, then the result with what it was made from. */
export function Plate({ job }: { job: DrawJob }) {
  const lookBack = useStudio((state) => state.lookBack);
  const round = job.rounds.find((each) => each.round === plateRound(job));
  const frame = round && lookBack?.round === round.round ? frameAt(round, lookBack.step) : undefined;
  const picture = frame?.picture ?? latestPicture(job, round);
  const running = !isOver(job);
  return (
    <figure className="plate">
      <div className="mat">
        {picture ? (
          <PictureView picture={picture} smooth label={plateLabel(job, round, frame?.step)} />
        ) : (
          <Blank job={job} />
        )}
        {frame && <span className="stamp">Step {frame.step}</span>}
        {!frame && picture && running && (
          <span className="stamp">
            <span className="pulse" aria-hidden="true" />
            Live
          </span>
        )}
      </div>
      {running && <Progress job={job} round={round} />}
      {round && round.frames.length > 0 && <FilmStrip round={round} running={running} />}
      {!running && <Caption job={job} />}
    </figure>
  );
}

/** The round on the plate: the one being drawn, or the one whose picture was kept. */
function plateRound(job: DrawJob): number | undefined {
  return keptOf(job)?.round ?? job.rounds.at(-1)?.round;
}

function latestPicture(job: DrawJob, round: RoundView | undefined): Picture | undefined {
  return keptOf(job)?.picture ?? round?.picture ?? round?.preview;
}

function plateLabel(job: DrawJob, round: RoundView | undefined, step: number | undefined): string {
  const words = `“${job.request.prompt}”`;
  if (step !== undefined) return `Unfinished picture, step ${step} of ${round?.steps}: ${words}`;
  const kept = keptOf(job);
  if (kept?.finished || round?.picture) return `Result: ${words}`;
  return `Unfinished picture, step ${round?.step ?? 0} of ${round?.steps ?? 0}: ${words}`;
}

/** The mat before there is anything to see. */
function Blank({ job }: { job: DrawJob }) {
  const { width, height } = job.size;
  const model = useStudio((state) => state.model);
  return (
    <div className="blank" style={{ aspectRatio: `${width} / ${height}` }}>
      {job.state.status === 'waiting' && model.status !== 'ready' ? (
        <LoadingBar model={model} />
      ) : (
        <EaselSketch />
      )}
    </div>
  );
}

function Progress({ job, round }: { job: DrawJob; round: RoundView | undefined }) {
  const labelId = useId();
  return (
    <fieldset className="progress">
      <legend className="unseen">Progress</legend>
      <div className="row between">
        <p className="step" id={labelId}>
          <StepWords job={job} round={round} />
        </p>
        <StopButton job={job} />
      </div>
      {round && round.steps > 0 && (
        <progress className="unseen" aria-labelledby={labelId} max={round.steps} value={round.step} />
      )}
    </fieldset>
  );
}

/** Stops a running job and keeps what is there; takes a waiting one back. */
export function StopButton({ job }: { job: DrawJob }) {
  const { stop, takeOut } = useActions();
  switch (job.state.status) {
    case 'running':
      return job.state.stopping ? (
        <StoppingButton words={stopWords(job)} />
      ) : (
        <button type="button" className="btn danger" onClick={stop}>
          <Icon name="stop" />
          <span>{stopWords(job)}</span>
        </button>
      );
    case 'waiting':
      return (
        <button type="button" className="btn" onClick={() => takeOut(job.id)}>
          <Icon name="close" />
          <span>Do not make it</span>
        </button>
      );
    default:
      return null;
  }
}

/** How long the engine may take to stop by itself before it can be ended. */
const STOPPING_MS = 3_000;

/** A job stops after its step; one that takes long over that can be ended together with the engine. */
function StoppingButton({ words }: { words: string }) {
  const { loadModel } = useActions();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), STOPPING_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <button
      type="button"
      className="btn danger"
      disabled={!late}
      title={late ? 'Ends the engine; it loads the model again for what comes next.' : undefined}
      onClick={loadModel}
    >
      <Icon name="stop" />
      <span>{late ? 'Stop at once' : words}</span>
    </button>
  );
}

/** "Step 7 of 20 · about 9 s left", or what else is being done. */
export function StepWords({ job, round }: { job: DrawJob; round: RoundView | undefined }) {
  const { state } = job;
  const drawing = state.status === 'running' && !state.stopping && state.doing.phase === 'drawing';
  if (!drawing || !round) return <>{doingWords(job)}</>;
  return (
    <>
      <b>Step {round.step}</b> of {round.steps}
      {round.remainingMs !== undefined && (
        <>
          <span className="sep">·</span>about <b>{timeLeft(round.remainingMs)}</b> left
        </>
      )}
    </>
  );
}

/** What stopping now would leave. */
function stopWords(job: DrawJob): string {
  const drawn = job.rounds.findLast((round) => round.picture !== undefined);
  if (drawn && job.request.rounds > 1) return `Stop, keep round ${drawn.round}`;
  return job.rounds.some((round) => round.preview) ? 'Stop, keep this' : 'Stop';
}

function Caption({ job }: { job: DrawJob }) {
  const { prompt } = job.request;
  const kept = keptOf(job);
  return (
    <figcaption>
      <p className="words">“{prompt}”</p>
      {kept && <MadeWith job={job} />}
      {job.state.status === 'done' && <ResultNotes notes={job.state.result.notes} />}
    </figcaption>
  );
}
