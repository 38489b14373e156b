/** Entry of the page: reads the settings, starts the studio and its worker, and shows it. */

import '@fontsource-variable/bricolage-grotesque/opsz.css';
import '@fontsource-variable/literata/wght.css';
import '@fontsource-variable/literata/wght-italic.css';
import './styles/tokens.css';
import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { randomSeed } from '../draw-settings.ts';
import { spawnModelWorker } from '../worker-client.ts';
import { App } from './app.tsx';
import { ErrorBoundary } from './notices/error-boundary.tsx';
import { StudioProvider } from './store/context.tsx';
import { loadSettings, saveSettings } from './store/settings.ts';
import { settingsOf, type Theme } from './store/state.ts';
import { createStudio } from './store/studio.ts';

const preferred: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
document.documentElement.dataset.theme = preferred;

const studio = createStudio({
  model: { id: 'storybook', baseUrl: new URL('models/storybook/', document.baseURI).href },
  backend: 'auto',
  settings: loadSettings(preferred),
  spawn: spawnModelWorker,
  randomSeed,
});

let saved = JSON.stringify(settingsOf(studio.store.getState()));
studio.store.subscribe((state) => {
  const now = settingsOf(state);
  if (JSON.stringify(now) === saved) return;
  saved = JSON.stringify(now);
  saveSettings(now);
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
