import type { CSSProperties } from 'react';
import type { Picture } from '../../protocol.ts';
import { type DrawJob, finalPictureOf, isOver, type RoundView, stepPreviewAt } from '../jobs/draw-job.ts';
import { useStudio } from '../store/context.tsx';
import { PictureView } from '../ui/picture-view.tsx';
import { ResultNotes } from '../ui/result-notes.tsx';
import { LoadingBar } from './loading-bar.tsx';
import { PictureSummary } from './picture-summary.tsx';
import { PlaceholderSketch } from './placeholder-sketch.tsx';
import { Progress } from './progress.tsx';
import { STEPS_IN_ROW, StepPreviews } from './step-previews.tsx';
import './job-picture.css';

/** The picture of a job: previews and progress while it is drawn, then the result with its caption. */
export function JobPicture({ job }: { job: DrawJob }) {
  const previewedStep = useStudio((state) => state.previewedStep);
  const round = job.rounds.find((each) => each.round === shownRound(job));
  const preview =
    round && previewedStep?.round === round.round ? stepPreviewAt(round, previewedStep.step) : undefined;
  const picture = preview?.picture ?? latestPicture(job, round);
  const running = !isOver(job);
  const steps = round?.steps || job.request.settings.steps;
  return (
    <figure className="job-picture" style={fittingStyle(job)}>
      <div className="picture-frame">
        {picture ? (
          <PictureView picture={picture} smooth label={pictureLabel(job, round, preview?.step)} />
        ) : (
          <EmptyFrame job={job} />
        )}
        {preview && <span className="picture-tag">Step {preview.step}</span>}
        {!preview && picture && running && (
          <span className="picture-tag">
            <span className="pulse" aria-hidden="true" />
            Live
          </span>
        )}
      </div>
      <div className="picture-status">
        {running ? <Progress job={job} round={round} /> : picture && <PictureSummary job={job} />}
      </div>
      {/* The previews of all steps have their places from the start, so that nothing below them moves. */}
      {(running || (round && round.stepPreviews.length > 0)) && (
        <StepPreviews round={round} steps={steps} running={running} />
      )}
      {!running && <Caption job={job} />}
    </figure>
  );
}

/** What the size of the picture depends on, so that it fits the window: its shape, and the rows of steps. */
export function fittingStyle(job: DrawJob): CSSProperties {
  const { width, height } = finalPictureOf(job)?.picture ?? job.size;
  const rows = Math.ceil(job.request.settings.steps / STEPS_IN_ROW);
  return { '--aspect': width / height, '--rows': rows } as CSSProperties;
}

/** The round of the final picture, or the current round. */
function shownRound(job: DrawJob): number | undefined {
  return finalPictureOf(job)?.round ?? job.rounds.at(-1)?.round;
}

function latestPicture(job: DrawJob, round: RoundView | undefined): Picture | undefined {
  return finalPictureOf(job)?.picture ?? round?.picture ?? round?.preview;
}

function pictureLabel(job: DrawJob, round: RoundView | undefined, step: number | undefined): string {
  const prompt = `“${job.request.prompt}”`;
  if (step !== undefined) return `Unfinished picture, step ${step} of ${round?.steps}: ${prompt}`;
  if (finalPictureOf(job)?.complete || round?.picture) return `Result: ${prompt}`;
  return `Unfinished picture, step ${round?.step ?? 0} of ${round?.steps ?? 0}: ${prompt}`;
}

/** Takes the place of the picture until there is a preview. */
function EmptyFrame({ job }: { job: DrawJob }) {
  const { width, height } = job.size;
  const model = useStudio((state) => state.model);
  return (
    <div className="empty-frame" style={{ aspectRatio: `${width} / ${height}` }}>
      {job.state.status === 'waiting' && model.status !== 'ready' ? (
        <LoadingBar model={model} />
      ) : (
        <PlaceholderSketch />
      )}
    </div>
  );
}

function Caption({ job }: { job: DrawJob }) {
  return (
    <figcaption>
      <p className="prose">“{job.request.prompt}”</p>
      {job.state.status === 'done' && <ResultNotes notes={job.state.result.notes} />}
    </figcaption>
  );
}
