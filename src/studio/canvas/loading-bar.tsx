import type { ModelView } from '../store/state.ts';
import { megabytes } from '../ui/words.ts';
import './loading-bar.css';

/** How far the model has come, in bytes. */
export function LoadingBar({ model }: { model: ModelView }) {
  if (model.status === 'ready') return null;
  if (model.status === 'failed') return <p>The model did not load.</p>;
  const known = model.status === 'loading' && model.totalBytes > 0;
  return (
    <div className="loading">
      <p>
        <b>
          {model.status === 'loading' && model.from === 'cache' ? 'Opening the model' : 'Loading the model'}
        </b>
        {known && (
          <span className="loading-bytes">
            {megabytes(model.doneBytes)} of {megabytes(model.totalBytes)}
          </span>
        )}
      </p>
      <progress
        aria-label="Loading the model"
        max={known ? model.totalBytes : undefined}
        value={known ? model.doneBytes : undefined}
      />
    </div>
  );
}
