/** Entry point of the page. */

import { randomSeed } from '../settings/random-seed.ts';
import '@fontsource-variable/bricolage-grotesque/opsz.css';
import '@fontsource-variable/literata/wght.css';
import '@fontsource-variable/literata/wght-italic.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/utilities.css';
import './styles/indicators.css';
import './styles/buttons.css';
import './styles/inputs.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
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
// Load the model after the first paint, so that the prompt can be typed meanwhile.
requestAnimationFrame(() => setTimeout(studio.actions.loadModel));
