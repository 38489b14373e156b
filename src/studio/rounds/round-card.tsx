import { useId } from 'react';
import type { RoundOutcome } from '../../protocol.ts';
import { LoadingBar } from '../canvas/loading-bar.tsx';
import { type DrawJob, isOver, type RoundView, resultRound } from '../jobs/draw-job.ts';
import { outcomeText } from '../jobs/status-text.ts';
import { useStudio } from '../store/context.tsx';
import { formatSeconds, formatTimeLeft } from '../ui/format.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { fileNameFor } from '../ui/picture-files.ts';
import { PictureView } from '../ui/picture-view.tsx';
import { usePictureTools } from '../ui/use-picture-tools.ts';
import './round-card.css';

interface RoundCardProps {
  readonly job: DrawJob;
  readonly round: RoundView;
  readonly newest: boolean;
}

/** One round: its picture, the critique and the outcome. */
export function RoundCard({ job, round, newest }: RoundCardProps) {
  const titleId = useId();
  const model = useStudio((state) => state.model);
  const live = !isOver(job) && newest;
  const isResult = isOver(job) && resultRound(job) === round.round;
  const picture = round.picture ?? round.preview;
  const classes = ['round', ...(live ? ['live'] : []), ...(isResult ? ['result'] : [])].join(' ');
  return (
    <li className={classes}>
      <article aria-labelledby={titleId} data-outcome={round.outcome}>
        <div className="round-number" aria-hidden="true">
          {isResult ? <Icon name="star" filled /> : round.round}
        </div>
        <header>
          <h3 id={titleId}>Round {round.round}</h3>
          <RoundBadge job={job} round={round} live={live} isResult={isResult} />
          <DrawTime round={round} live={live} />
        </header>
        <div className="round-picture">
          {picture ? (
            <PictureView picture={picture} smooth label={pictureLabel(round)} />
          ) : (
            <div className="empty-round" style={{ aspectRatio: `${job.size.width} / ${job.size.height}` }}>
              {live && <LoadingBar model={model} />}
            </div>
          )}
          {live && round.picture === undefined && round.steps > 0 && (
            <progress aria-label={`Round ${round.round}`} max={round.steps} value={round.step} />
          )}
        </div>
        {round.round > 1 && <Instruction round={round} />}
        <Critique round={round} live={live} />
        <Outcome job={job} round={round} live={live} />
        {round.picture && <RoundTools job={job} round={round} />}
      </article>
    </li>
  );
}

/** The time that the drawing took, or the time left. */
function DrawTime({ round, live }: { round: RoundView; live: boolean }) {
  if (round.drawMs !== undefined) return <span className="draw-time">{formatSeconds(round.drawMs)}</span>;
  if (!live || round.remainingMs === undefined) return null;
  return <span className="draw-time">{formatTimeLeft(round.remainingMs)} left</span>;
}

interface BadgeProps {
  readonly job: DrawJob;
  readonly round: RoundView;
  readonly live: boolean;
  readonly isResult: boolean;
}

function RoundBadge({ job, round, live, isResult }: BadgeProps) {
  if (isResult) return <span className="badge">Result</span>;
  if (!live) return null;
  return (
    <span className="badge busy">
      <span className="pulse" aria-hidden="true" />
      {badgeText(job, round)}
    </span>
  );
}

function badgeText(job: DrawJob, round: RoundView): string {
  if (round.picture) return 'Checking';
  return job.state.status === 'waiting' ? 'Waiting' : 'Drawing';
}

function pictureLabel(round: RoundView): string {
  return round.picture
    ? `Picture of round ${round.round}`
    : `Round ${round.round}, unfinished, step ${round.step} of ${round.steps}`;
}

/** The instruction of a later round, which is the critique of the round before. */
function Instruction({ round }: { round: RoundView }) {
  return (
    <p className="instruction">
      <span>Instruction</span> <q className="prose">{round.instruction}</q>
    </p>
  );
}

function Critique({ round, live }: { round: RoundView; live: boolean }) {
  // An unclear critique is not shown: the outcome explains it.
  if (round.critique === '' || round.outcome === 'unclear') return null;
  const writing = live && round.outcome === undefined;
  return (
    <div className="critique">
      <h4>Critique</h4>
      <p className="prose">
        {round.critique}
        {writing && <span className="caret" aria-hidden="true" />}
      </p>
    </div>
  );
}

const OUTCOME_ICONS: Readonly<Record<RoundOutcome | 'open', IconName>> = {
  accept: 'check',
  fix: 'right',
  out_of_rounds: 'stop',
  repeated: 'stop',
  unclear: 'warn',
  open: 'eye',
};

function Outcome({ job, round, live }: { job: DrawJob; round: RoundView; live: boolean }) {
  if (round.outcome === undefined && !live) return null;
  const { title, why } = outcomeText(job, round);
  return (
    <div className={`outcome ${round.outcome ?? 'open'}`}>
      <p>
        <b>
          <Icon name={OUTCOME_ICONS[round.outcome ?? 'open']} />
          {title}
        </b>
      </p>
      <p>
        {why}
        {round.critiqueMs !== undefined && (
          <span className="critique-time"> Checked in {formatSeconds(round.critiqueMs)}.</span>
        )}
      </p>
    </div>
  );
}

function RoundTools({ job, round }: { job: DrawJob; round: RoundView }) {
  const tools = usePictureTools();
  const { picture } = round;
  if (!picture) return null;
  const fileName = fileNameFor(`${job.request.prompt} round ${round.round}`, job.request.settings.seed);
  return (
    <fieldset className="round-tools">
      <legend className="visually-hidden">Round {round.round}</legend>
      <button
        type="button"
        className="btn"
        aria-label={`Use as reference: round ${round.round}`}
        onClick={() => tools.addAsReference(picture, fileName, `Round ${round.round} added as a reference.`)}
      >
        <Icon name="reference" />
        <span>Use as reference</span>
      </button>
      <button
        type="button"
        className="btn"
        aria-label={`Save round ${round.round}`}
        onClick={() => tools.save(job, round.round, picture, fileName)}
      >
        <Icon name="save" />
        <span>Save</span>
      </button>
    </fieldset>
  );
}
