import { useId, useMemo } from 'react';
import { finalPictureOf } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { resultJobs } from '../store/selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { PictureView } from '../ui/picture-view.tsx';
import './results-list.css';

/** The newest pictures, including failed jobs. A click shows one on the canvas. */
export function ResultsList({ onShow }: { onShow: () => void }) {
  const jobs = useStudio((state) => state.jobs);
  const shown = useStudio((state) => state.shown);
  const { show } = useActions();
  const titleId = useId();
  const results = useMemo(() => resultJobs(jobs), [jobs]);
  if (results.length < 2 && (results.length === 0 || results[0]?.id === shown)) return null;
  return (
    <section className="results" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Results{' '}
        <small>
          <a href="#/gallery">all in the gallery</a>
        </small>
      </h2>
      <ul>
        {results.map((job) => {
          const final = finalPictureOf(job);
          const failed = job.state.status === 'failed';
          return (
            <li key={job.id}>
              <button
                type="button"
                className="thumbnail"
                aria-label={`Show${failed ? ' failed picture' : ''}: ${job.request.prompt}`}
                aria-pressed={job.id === shown}
                title={job.request.prompt}
                onClick={() => {
                  show(job.id);
                  onShow();
                }}
              >
                {final && <PictureView picture={final.picture} />}
                {failed && (
                  <span className={final ? 'failed-mark over' : 'failed-mark'}>
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
