import { type DrawJob, finalPictureOf, isOver } from '../jobs/draw-job.ts';
import { NoticeCard } from '../notices/notices.tsx';
import { RoundsView } from '../rounds/rounds-view.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import { canvasContent, matchesForm, shownJob, showsRounds } from '../store/selectors.ts';
import { errorNotice, failureId, type View } from '../store/state.ts';
import { Icon } from '../ui/icon.tsx';
import { EmptyCanvas } from './empty-canvas.tsx';
import { fittingStyle, JobPicture } from './job-picture.tsx';
import { ReferenceOverview } from './reference-overview.tsx';
import { ResultTools } from './result-tools.tsx';
import './canvas.css';

/** The main area: a job, the references that were added, or nothing yet. */
export function Canvas() {
  const content = useStudio(canvasContent);
  const job = useStudio(shownJob);
  if (job) return <JobCanvas job={job} />;
  return content === 'references' ? <ReferenceOverview /> : <EmptyCanvas />;
}

const VIEWS: readonly { readonly view: View; readonly name: string }[] = [
  { view: 'picture', name: 'Picture' },
  { view: 'rounds', name: 'Rounds' },
];

function JobCanvas({ job }: { job: DrawJob }) {
  const rounds = useStudio(showsRounds);
  const final = finalPictureOf(job);
  return (
    <>
      <h1 className="visually-hidden">{final ? 'Your picture' : 'Drawing a picture'}</h1>
      <div
        className={`row between canvas-toolbar ${rounds ? '' : 'as-wide-as-picture'}`}
        style={fittingStyle(job)}
      >
        {job.request.rounds > 1 && <ViewSwitch job={job} />}
        {isOver(job) && <ResultTools job={job} final={final} />}
      </div>
      {job.state.status === 'failed' && <Failure job={job} />}
      {rounds ? <RoundsView job={job} /> : <JobPicture job={job} />}
    </>
  );
}

/** Switches between the picture and the rounds of a job. */
function ViewSwitch({ job }: { job: DrawJob }) {
  const shown = useStudio((state) => state.view);
  const { setView } = useActions();
  return (
    <fieldset className="views">
      <legend className="visually-hidden">View</legend>
      {VIEWS.map(({ view, name }) => (
        <button
          key={view}
          type="button"
          className="view"
          aria-pressed={view === shown}
          onClick={() => setView(view)}
        >
          {name}
          {view === 'rounds' && job.rounds.length > 0 && <span className="count">{job.rounds.length}</span>}
        </button>
      ))}
    </fieldset>
  );
}

function Failure({ job }: { job: DrawJob }) {
  const inForm = useStudio((state) => matchesForm(state, job));
  const busy = useStudio(({ running }) => running !== undefined);
  const { drawAgain, goOn } = useActions();
  if (job.state.status !== 'failed') return null;
  const { error, smallerPlan } = job.state;
  const offer = smallerPlan ? ` It can go on with less memory: ${smallerPlan.how}.` : '';
  const picture = finalPictureOf(job) ? ' The unfinished picture is below.' : '';
  const form = inForm ? ' Your prompt and pictures are still in the form.' : '';
  return (
    <div className="notices">
      <NoticeCard
        notice={{ ...errorNotice(failureId(job.id), error), text: error.action + offer + picture + form }}
      >
        {smallerPlan && (
          <button type="button" className="btn primary" disabled={busy} onClick={() => goOn(job.id)}>
            <Icon name="undo" />
            <span>Go on with less memory</span>
          </button>
        )}
        {!error.permanent && (
          <button
            type="button"
            className={smallerPlan ? 'btn' : 'btn primary'}
            onClick={() => drawAgain(job.id)}
          >
            <Icon name="undo" />
            <span>Try again</span>
          </button>
        )}
      </NoticeCard>
    </div>
  );
}
