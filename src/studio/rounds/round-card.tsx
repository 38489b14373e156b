import { useId } from 'react';
import type { RoundOutcome } from '../../protocol.ts';
import { LoadingBar } from '../canvas/loading-bar.tsx';
import { type DrawJob, isOver, type RoundView, resultRound } from '../jobs/draw-job.ts';
import { outcomeWords } from '../jobs/status-text.ts';
import { useStudio } from '../store/context.tsx';
import { seconds, timeLeft } from '../ui/format.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { fileNameFor } from '../ui/picture-files.ts';
import { PictureView } from '../ui/picture-view.tsx';
import { usePictureTools } from '../ui/use-picture-tools.ts';

interface RoundCardProps {
  readonly job: DrawJob;
  readonly round: RoundView;
  readonly newest: boolean;
}

/** One round: what was drawn, what the model said of it, and what it decided. */
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
        <div className="peg" aria-hidden="true">
          {isResult ? <Icon name="star" filled /> : round.round}
        </div>
        <header>
          <h3 id={titleId}>Round {round.round}</h3>
          <RoundBadge job={job} round={round} live={live} isResult={isResult} />
          <Took round={round} live={live} />
        </header>
        <div className="print">
          {picture ? (
            <PictureView picture={picture} smooth label={printLabel(round)} />
          ) : (
            <div className="blank-print" style={{ aspectRatio: `${job.size.width} / ${job.size.height}` }}>
              {live && <LoadingBar model={model} />}
            </div>
          )}
          {live && round.picture === undefined && round.steps > 0 && (
            <progress aria-label={`Round ${round.round}`} max={round.steps} value={round.step} />
          )}
        </div>
        {round.round > 1 && <Instruction round={round} />}
        <Critique round={round} live={live} />
        <Decision job={job} round={round} live={live} />
        {round.picture && <CardTools job={job} round={round} />}
      </article>
    </li>
  );
}

/** How long the drawing took, or will still take. */
function Took({ round, live }: { round: RoundView; live: boolean }) {
  if (round.drawMs !== undefined) return <span className="took">{seconds(round.drawMs)}</span>;
  if (!live || round.remainingMs === undefined) return null;
  return <span className="took">{timeLeft(round.remainingMs)} left</span>;
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
      {badgeWords(job, round)}
    </span>
  );
}

/** Drawing, looking, or what comes before. */
function badgeWords(job: DrawJob, round: RoundView): string {
  if (round.picture) return 'Looking';
  return job.state.status === 'waiting' ? 'Waiting' : 'Drawing';
}

function printLabel(round: RoundView): string {
  return round.picture
    ? `Picture of round ${round.round}`
    : `Round ${round.round}, unfinished, step ${round.step} of ${round.steps}`;
}

/** From round 2 on, what was asked for is the critique of the round before. */
function Instruction({ round }: { round: RoundView }) {
  return (
    <p className="instruction">
      <span>Asked for</span> <q className="words">{round.instruction}</q>
    </p>
  );
}

function Critique({ round, live }: { round: RoundView; live: boolean }) {
  // What it said of no use is not shown as its judgement; the outcome says so.
  if (round.critique === '' || round.outcome === 'unclear') return null;
  const writing = live && round.outcome === undefined;
  return (
    <div className="crit">
      <h4>It says</h4>
      <p className="words">
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

function Decision({ job, round, live }: { job: DrawJob; round: RoundView; live: boolean }) {
  if (round.outcome === undefined && !live) return null;
  const { title, why } = outcomeWords(job, round);
  return (
    <div className={`act ${round.outcome ?? 'open'}`}>
      <p>
        <b>
          <Icon name={OUTCOME_ICONS[round.outcome ?? 'open']} />
          {title}
        </b>
      </p>
      <p>
        {why}
        {round.critiqueMs !== undefined && (
          <span className="looked"> Looked for {seconds(round.critiqueMs)}.</span>
        )}
      </p>
    </div>
  );
}

function CardTools({ job, round }: { job: DrawJob; round: RoundView }) {
  const tools = usePictureTools();
  const { picture } = round;
  if (!picture) return null;
  const fileName = fileNameFor(`${job.request.prompt} round ${round.round}`, job.request.settings.seed);
  return (
    <fieldset className="card-tools">
      <legend className="unseen">Round {round.round}</legend>
      <button
        type="button"
        className="btn"
        aria-label={`Use it as reference: round ${round.round}`}
        onClick={() => tools.use(picture, fileName, `Round ${round.round} added as a reference.`)}
      >
        <Icon name="reference" />
        <span>Use it</span>
      </button>
      <button
        type="button"
        className="btn"
        aria-label={`Save round ${round.round}`}
        onClick={() => tools.save(picture, fileName)}
      >
        <Icon name="save" />
        <span>Save</span>
      </button>
    </fieldset>
  );
}
