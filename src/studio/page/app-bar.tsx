import { useActions, useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { formatMegabytes } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import './app-bar.css';

export function AppBar() {
  const theme = useStudio((state) => state.theme);
  const model = useStudio((state) => state.model);
  const { setTheme, clearCanvas } = useActions();
  const newPicture = () => {
    clearCanvas();
    scrollTo({ top: 0 });
  };
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header className="app-bar">
      <button type="button" className="brand" onClick={newPicture} aria-label="OmniGen2 Studio, new picture">
        <Logo />
        <span>
          OmniGen2 <b>Studio</b>
        </span>
      </button>
      <nav className="main-nav" aria-label="Main">
        <a href="#main" aria-current="page">
          <span>Draw</span>
        </a>
      </nav>
      <div className="app-bar-end">
        <ModelStatus model={model} />
        <button
          type="button"
          className="btn icon-only"
          aria-label={`Switch to ${other} theme`}
          title={`Switch to ${other} theme`}
          onClick={() => setTheme(other)}
        >
          <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
        </button>
      </div>
    </header>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 28 28" aria-hidden="true">
      <rect className="logo-back" x="2" y="6" width="18" height="20" rx="1.5" />
      <rect className="logo-front" x="8" y="2" width="18" height="20" rx="1.5" />
      <path d="M12 12.6c1.4.8 2.2 1.9 3 3.6 1.6-4 3.8-6.6 7-8.6" />
    </svg>
  );
}

function ModelStatus({ model }: { model: ModelView }) {
  const { tone, long, short, why } = modelStatusText(model);
  return (
    <p className="status" title={why}>
      <span className={`dot ${tone}`} aria-hidden="true" />
      <span className="long">
        {long}
        {why && <span className="visually-hidden"> ({why})</span>}
      </span>
      <span className="short" aria-hidden="true">
        {short}
      </span>
    </p>
  );
}

interface ModelStatusText {
  readonly tone: 'ok' | 'wait' | 'bad';
  readonly long: string;
  readonly short: string;
  readonly why?: string;
}

function modelStatusText(model: ModelView): ModelStatusText {
  switch (model.status) {
    case 'starting':
      return { tone: 'wait', long: 'Starting the built-in model', short: 'Starting' };
    case 'loading': {
      const { doneBytes, totalBytes } = model;
      const percent = totalBytes > 0 ? `${Math.floor((100 * doneBytes) / totalBytes)} %` : 'Loading';
      const verb = model.from === 'network' ? 'Downloading' : 'Loading';
      return {
        tone: 'wait',
        long: `${verb} the built-in model, ${formatMegabytes(doneBytes)} of ${formatMegabytes(totalBytes)}`,
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
        long: `Built-in model, on the ${backend === 'webgpu' ? 'GPU' : 'CPU'}`,
        short: backend === 'webgpu' ? 'On the GPU' : 'On the CPU',
        why: reason ? `${description}. ${reason}` : description,
      };
    }
    default:
      return model satisfies never;
  }
}
