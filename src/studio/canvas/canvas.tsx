import type { DrawJob } from '../jobs/draw-job.ts';
import { isOver, keptOf } from '../jobs/draw-job.ts';
import { NoticeCard } from '../notices/notices.tsx';
import { Timeline } from '../rounds/rounds-view.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import { isInForm, shownJob, showsRounds, stageOf } from '../store/selectors.ts';
import { failureId, noticeOf, type View } from '../store/state.ts';
import { Icon } from '../ui/icon.tsx';
import { Plate } from './job-picture.tsx';
import { EmptyTable, Recipe } from './reference-overview.tsx';
import { ResultTools } from './result-tools.tsx';
import './canvas.css';

/** What lies on the table: nothing yet, the pictures that were given, or the picture being made. */
export function Stage() {
  const stage = useStudio(stageOf);
  const job = useStudio(shownJob);
  if (job) return <JobStage job={job} />;
  return stage === 'compose' ? <Recipe /> : <EmptyTable />;
}

const VIEWS: readonly { readonly view: View; readonly name: string }[] = [
  { view: 'picture', name: 'Picture' },
  { view: 'rounds', name: 'Rounds' },
];

function JobStage({ job }: { job: DrawJob }) {
  const rounds = useStudio(showsRounds);
  const kept = keptOf(job);
  return (
    <>
      <h1 className="unseen">{kept ? 'Your picture' : 'Making a picture'}</h1>
      <div className="row between stage-head">
        {job.request.rounds > 1 ? <Views job={job} /> : <span />}
        {isOver(job) && <ResultTools job={job} kept={kept} />}
      </div>
      {job.state.status === 'failed' && <Failure job={job} />}
      {rounds ? <Timeline job={job} /> : <Plate job={job} />}
    </>
  );
}

/** Picture or rounds: two views of the same job. */
function Views({ job }: { job: DrawJob }) {
  const shown = useStudio((state) => state.view);
  const { setView } = useActions();
  return (
    <fieldset className="views">
      <legend className="unseen">Show</legend>
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
  const inForm = useStudio((state) => isInForm(state, job));
  const { makeAgain } = useActions();
  if (job.state.status !== 'failed') return null;
  const { error } = job.state;
  const kept = keptOf(job) ? ' What was drawn so far is kept below.' : '';
  const words = inForm ? ' Your words and pictures are still in the box.' : '';
  return (
    <div className="notices">
      <NoticeCard notice={{ ...noticeOf(failureId(job.id), error), text: error.action + kept + words }}>
        {!error.permanent && (
          <button type="button" className="btn primary" onClick={() => makeAgain(job.id)}>
            <Icon name="undo" />
            <span>Try again</span>
          </button>
        )}
      </NoticeCard>
    </div>
  );
}
