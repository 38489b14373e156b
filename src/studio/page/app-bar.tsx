import { useActions, useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { megabytes } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import './app-bar.css';

export function AppBar() {
  const theme = useStudio((state) => state.theme);
  const model = useStudio((state) => state.model);
  const { setTheme, clearCanvas } = useActions();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header className="bar">
      <button type="button" className="brand" onClick={clearCanvas} aria-label="OmniGen2 Studio, start">
        <Mark />
        <span>
          OmniGen2 <b>Studio</b>
        </span>
      </button>
      <nav className="places" aria-label="Main">
        <a href="#main" aria-current="page">
          <span>Make</span>
        </a>
      </nav>
      <div className="bar-end">
        <ModelStatus model={model} />
        <button
          type="button"
          className="btn only"
          aria-label={`Switch to ${other}`}
          title={`Switch to ${other}`}
          onClick={() => setTheme(other)}
        >
          <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
        </button>
      </div>
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 28 28" aria-hidden="true">
      <rect className="mark-under" x="2" y="6" width="18" height="20" rx="1.5" />
      <rect className="mark-over" x="8" y="2" width="18" height="20" rx="1.5" />
      <path d="M12 12.6c1.4.8 2.2 1.9 3 3.6 1.6-4 3.8-6.6 7-8.6" />
    </svg>
  );
}

function ModelStatus({ model }: { model: ModelView }) {
  const { tone, long, short, why } = statusWords(model);
  return (
    <p className="status" title={why}>
      <span className={`dot ${tone}`} aria-hidden="true" />
      <span className="long">
        {long}
        {why && <span className="unseen"> ({why})</span>}
      </span>
      <span className="short" aria-hidden="true">
        {short}
      </span>
    </p>
  );
}

interface StatusWords {
  readonly tone: 'ok' | 'wait' | 'bad';
  readonly long: string;
  readonly short: string;
  readonly why?: string;
}

function statusWords(model: ModelView): StatusWords {
  switch (model.status) {
    case 'starting':
      return { tone: 'wait', long: 'Starting the built-in model', short: 'Starting' };
    case 'loading': {
      const { doneBytes, totalBytes } = model;
      const percent = totalBytes > 0 ? `${Math.floor((100 * doneBytes) / totalBytes)} %` : 'Loading';
      return {
        tone: 'wait',
        long: `Loading the built-in model, ${megabytes(doneBytes)} of ${megabytes(totalBytes)}`,
        short: percent,
      };
    }
    case 'failed':
      return {
        tone: 'bad',
        long: 'The built-in model did not load',
        short: 'No model',
        why: model.error.message,
      };
    case 'ready': {
      const { backend, description, reason } = model.device;
      return {
        tone: 'ok',
        long: `Built-in model, on this ${backend === 'webgpu' ? 'GPU' : 'processor'}`,
        short: backend === 'webgpu' ? 'On the GPU' : 'On the CPU',
        why: reason ? `${description}. ${reason}` : description,
      };
    }
    default:
      return model satisfies never;
  }
}
