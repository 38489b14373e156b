import { useEffect, useRef } from 'react';
import { Stage } from './canvas/canvas.tsx';
import { Composer } from './composer/composer.tsx';
import { Examples } from './examples/examples.tsx';
import { Notices } from './notices/notices.tsx';
import { AppBar } from './page/app-bar.tsx';
import { DropAnywhere } from './page/drop-anywhere.tsx';
import { Facts } from './page/page-footer.tsx';
import { QuestionBox } from './questions/question-box.tsx';
import { NowAndNext } from './queue/queue.tsx';
import { Shelf } from './results/results-list.tsx';
import { useActions, useStudio } from './store/context.tsx';
import { showsRounds, stageOf } from './store/selectors.ts';
import './app.css';

export function App() {
  const theme = useStudio((state) => state.theme);
  const stage = useStudio(stageOf);
  const wide = useStudio(showsRounds);
  const table = useRef<HTMLElement>(null);
  const toTable = () => table.current?.scrollIntoView({ block: 'start' });
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEscapeToStop();
  useEffect(() => {
    // From here on words can be typed.
    performance.mark('studio-ready');
  }, []);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the picture
      </a>
      <AppBar />
      <main id="main" tabIndex={-1}>
        <Notices />
        <div className={`make ${stage} ${wide ? 'wide' : ''}`}>
          <section className="stage" ref={table} aria-label="The table">
            <Stage />
          </section>
          <div className="side">
            {stage === 'first' && <Intro />}
            {!wide && <NowAndNext />}
            <Composer onMake={toTable} />
          </div>
          <div className="talk">
            {wide && <NowAndNext />}
            <QuestionBox />
          </div>
        </div>
        <Shelf />
        <Examples onMake={toTable} />
      </main>
      <Facts />
      <DropAnywhere />
      <Announcer />
    </>
  );
}

function Intro() {
  return (
    <div className="intro">
      <h1>Say what you want to&nbsp;see.</h1>
      <p className="lede">
        It draws pictures, changes them and looks at them on this computer; nothing is sent anywhere.
      </p>
    </div>
  );
}

/** Says to screen readers what happens to the jobs. */
function Announcer() {
  const said = useStudio((state) => state.said);
  return (
    <p className="unseen" role="status" aria-live="polite" data-testid="announcer">
      {said}
    </p>
  );
}

/** Escape stops what is running, unless it has something nearer to close. */
function useEscapeToStop(): void {
  const { stop } = useActions();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // While an input method composes, Escape puts away its suggestions.
      if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
      if (document.querySelector('dialog[open]')) return;
      stop();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [stop]);
}
