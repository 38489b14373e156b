import { useId, useMemo } from 'react';
import { keptOf } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { shelfJobs } from '../store/selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { PictureView } from '../ui/picture-view.tsx';
import './results-list.css';

/** What was made on this visit, newest first, failures included; a click puts it back on the table. */
export function Shelf() {
  const jobs = useStudio((state) => state.jobs);
  const shown = useStudio((state) => state.shown);
  const { show } = useActions();
  const titleId = useId();
  const made = useMemo(() => shelfJobs(jobs), [jobs]);
  if (made.length < 2 && (made.length === 0 || made[0]?.id === shown)) return null;
  return (
    <section className="shelf" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Shelf <small>made on this visit</small>
      </h2>
      <ul>
        {made.map((job) => {
          const kept = keptOf(job);
          const failed = job.state.status === 'failed';
          return (
            <li key={job.id}>
              <button
                type="button"
                className="thumb"
                aria-label={`Show${failed ? ', not drawn' : ''}: ${job.request.prompt}`}
                aria-pressed={job.id === shown}
                title={job.request.prompt}
                onClick={() => show(job.id)}
              >
                {kept && <PictureView picture={kept.picture} />}
                {failed && (
                  <span className={kept ? 'thumb-failed over' : 'thumb-failed'}>
                    <Icon name="warn" />
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
