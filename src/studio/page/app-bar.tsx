import { modelSubject, modelWords, type RememberedModel } from '../models/chosen-model.ts';
import { needsWords } from '../models/model-needs.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { formatBytes } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { goTo, hrefOf, ROOMS, type Room } from './rooms.ts';
import './app-bar.css';

export function AppBar({ room }: { room: Room }) {
  const theme = useStudio((state) => state.theme);
  const { setTheme, clearCanvas } = useActions();
  const newPicture = () => {
    goTo('make');
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
      <MainNav room={room} />
      <div className="app-bar-end">
        <ModelStatus />
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

function MainNav({ room }: { room: Room }) {
  return (
    <nav className="main-nav" aria-label="Main">
      {ROOMS.map(({ name, label }) => (
        <a key={name} href={hrefOf({ room: name })} aria-current={name === room ? 'page' : undefined}>
          <span>{label}</span>
        </a>
      ))}
    </nav>
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

function ModelStatus() {
  const chosen = useStudio((state) => state.chosen);
  const model = useStudio((state) => state.model);
  const { tone, long, short, why } = modelStatusText(chosen, model);
  return (
    <a className="status" href={hrefOf({ room: 'models' })} title={why}>
      <span className={`dot ${tone}`} aria-hidden="true" />
      <span className="long">
        {long}
        {why && <span className="visually-hidden"> ({why})</span>}
      </span>
      <span className="short" aria-hidden="true">
        {short}
      </span>
    </a>
  );
}

interface ModelStatusText {
  readonly tone: 'ok' | 'wait' | 'bad';
  readonly long: string;
  readonly short: string;
  readonly why?: string;
}

function modelStatusText(chosen: RememberedModel, model: ModelView): ModelStatusText {
  switch (model.status) {
    case 'starting':
      return { tone: 'wait', long: `Starting ${modelWords(chosen)}`, short: 'Starting' };
    case 'loading': {
      const { doneBytes, totalBytes } = model;
      const percent = totalBytes > 0 ? `${Math.floor((100 * doneBytes) / totalBytes)} %` : 'Loading';
      const verb = model.from === 'network' ? 'Downloading' : 'Loading';
      return {
        tone: 'wait',
        long: `${verb} ${modelWords(chosen)}, ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
        short: percent,
      };
    }
    case 'failed':
      return {
        tone: 'bad',
        long: `${modelSubject(chosen)} did not load`,
        short: 'No model',
        why: model.error.message,
      };
    case 'ready': {
      const { backend, description, reason } = model.device;
      return {
        tone: 'ok',
        long: `${chosen.name}, on the ${backend === 'webgpu' ? 'GPU' : 'CPU'}`,
        short: backend === 'webgpu' ? 'On the GPU' : 'On the CPU',
        why: [description, reason, model.needs && needsWords(model.needs)]
          .filter((words) => words !== undefined)
          .map((words) => words.replace(/\.$/, ''))
          .join('. '),
      };
    }
    default:
      return model satisfies never;
  }
}
