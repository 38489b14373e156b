import { useEffect, useRef } from 'react';
import { Canvas } from './canvas/canvas.tsx';
import { Composer } from './composer/composer.tsx';
import { Examples } from './examples/examples.tsx';
import { GalleryPage } from './gallery/gallery-page.tsx';
import { isBuiltIn } from './models/chosen-model.ts';
import { ModelsPage } from './models/models-page.tsx';
import { Notices } from './notices/notices.tsx';
import { AppBar } from './page/app-bar.tsx';
import { DropAnywhere } from './page/drop-anywhere.tsx';
import { PageFooter } from './page/page-footer.tsx';
import { ROOMS, useRoom } from './page/rooms.ts';
import { useShownAddress } from './page/use-shown-address.ts';
import { QuestionBox } from './questions/question-box.tsx';
import { Queue } from './queue/queue.tsx';
import { ResultsList } from './results/results-list.tsx';
import { SettingsPage } from './settings/settings-page.tsx';
import { useActions, useStudio } from './store/context.tsx';
import { canvasContent } from './store/selectors.ts';
import './app.css';

export function App() {
  const room = useRoom();
  const chosen = useStudio((state) => state.chosen);
  const theme = useStudio((state) => state.theme);
  const content = useStudio(canvasContent);
  const canvas = useRef<HTMLElement>(null);
  const scrollToCanvas = () => canvas.current?.scrollIntoView({ block: 'start' });
  const focusCanvas = () => {
    canvas.current?.focus({ preventScroll: true });
    scrollToCanvas();
  };
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    const label = ROOMS.find(({ name }) => name === room)?.label;
    document.title = room === 'make' ? 'OmniGen2 Studio' : `${label}, OmniGen2 Studio`;
    scrollTo({ top: 0 });
  }, [room]);
  useEscapeToStop();
  useShownAddress();
  useEffect(() => {
    // The prompt can be typed from now on.
    performance.mark('studio-ready');
  }, []);
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to main content
      </a>
      <AppBar room={room} />
      <main id="main" tabIndex={-1}>
        {room === 'gallery' && <GalleryPage />}
        {room === 'models' && <ModelsPage />}
        {room === 'settings' && <SettingsPage />}
        <div hidden={room !== 'make'}>
          <div className={content === 'empty' ? 'workspace empty' : 'workspace'}>
            <section className="canvas" ref={canvas} tabIndex={-1} aria-label="Canvas">
              <Canvas />
            </section>
            <div className="side">
              {content === 'empty' && <Intro />}
              <Composer onDraw={scrollToCanvas} />
              <Queue />
            </div>
            <div className="below">
              <QuestionBox />
            </div>
          </div>
          <ResultsList onShow={focusCanvas} />
          {isBuiltIn(chosen) && <Examples onDraw={scrollToCanvas} />}
        </div>
      </main>
      <PageFooter />
      <Notices />
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
        OmniGen2 draws, edits and checks pictures on this device. Nothing is sent anywhere.
      </p>
    </div>
  );
}

/** Announces changes of the jobs to screen readers. */
function Announcer() {
  const announcement = useStudio((state) => state.announcement);
  return (
    <p className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {announcement}
    </p>
  );
}

/** Escape stops the running job, unless it has a dialog or an input method to close. */
function useEscapeToStop(): void {
  const { stop } = useActions();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // While an input method composes, Escape closes its suggestions.
      if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
      if (document.querySelector('dialog[open]')) return;
      stop();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [stop]);
}
