import { useActions, useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { formatBytes } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import './loading-bar.css';

/** Progress of loading the model, in bytes. */
export function LoadingBar({ model }: { model: ModelView }) {
  if (model.status === 'ready') return null;
  if (model.status === 'failed') return <NotLoaded />;
  const known = model.status === 'loading' && model.totalBytes > 0;
  return (
    <div className="loading">
      <p>
        <b>
          {model.status === 'loading' && model.from === 'network'
            ? 'Downloading the model'
            : 'Loading the model'}
        </b>
        {known && (
          <span className="loading-bytes">
            {formatBytes(model.doneBytes)} of {formatBytes(model.totalBytes)}
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

/** Offers to load the model again, unless a notice already does. */
function NotLoaded() {
  const offered = useStudio(({ notices }) => notices.some(({ action }) => action?.kind === 'reload model'));
  const { loadModel } = useActions();
  return (
    <div className="loading not-loaded">
      <p>The model did not load.</p>
      {!offered && (
        <button type="button" className="btn" onClick={loadModel}>
          <Icon name="undo" />
          <span>Load the model again</span>
        </button>
      )}
    </div>
  );
}
