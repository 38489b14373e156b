/** Entry of the page: reads the settings, starts the studio and its worker, and shows it. */

import '@fontsource-variable/bricolage-grotesque/opsz.css';
import '@fontsource-variable/literata/wght.css';
import '@fontsource-variable/literata/wght-italic.css';
import './tokens.css';
import './base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { randomSeed } from '../draw-settings.ts';
import { spawnGenerationWorker } from '../worker-client.ts';
import { App } from './app.tsx';
import { ErrorBoundary } from './notices/error-boundary.tsx';
import { StudioProvider } from './store/context.tsx';
import { loadSettings, readSettings, saveSettings } from './store/settings.ts';
import { settingsOf, type Theme } from './store/state.ts';
import { createStudio } from './store/studio.ts';

const preferred: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
document.documentElement.dataset.theme = preferred;

/** The page does not wait longer than this for a slow or blocked storage. */
const PATIENCE_MS = 300;
const stored = loadSettings(preferred);
const inTime = await Promise.race([
  stored,
  new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS)),
]);

const studio = createStudio({
  model: { id: 'storybook', baseUrl: new URL('models/storybook/', document.baseURI).href },
  backend: 'auto',
  settings: inTime ?? readSettings(undefined, preferred),
  spawn: spawnGenerationWorker,
  randomSeed,
});

// Nothing is written before what was stored is known, or it would be lost.
void stored.then((settings) => {
  let saved = JSON.stringify(settings);
  studio.store.subscribe((state) => {
    const now = settingsOf(state);
    if (JSON.stringify(now) === saved) return;
    saved = JSON.stringify(now);
    void saveSettings(now);
  });
  if (!inTime) studio.actions.adoptSettings(settings);
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <StudioProvider studio={studio}>
        <ErrorBoundary>
          <App />
        </ErrorBoundary>
      </StudioProvider>
    </StrictMode>,
  );
}
// After the first paint: the words can be typed while the model loads.
requestAnimationFrame(() => setTimeout(studio.actions.loadModel));
