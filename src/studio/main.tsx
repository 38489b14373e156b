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
import { spawnModelsWorker } from '../models-client.ts';
import { spawnModelWorker } from '../worker-client.ts';
import { App } from './app.tsx';
import { addPictureFiles } from './composer/pick-pictures.tsx';
import { GalleryProvider } from './gallery/context.tsx';
import { createGallery } from './gallery/gallery.ts';
import { builtInModel } from './models/chosen-model.ts';
import { ModelsProvider } from './models/context.tsx';
import { endingNotice, endingWords } from './models/ending.ts';
import { openKeptFolders } from './models/kept-folders.ts';
import { createModels } from './models/models.ts';
import { firstModel } from './models/start.ts';
import { ErrorBoundary } from './notices/error-boundary.tsx';
import { beApp } from './page/app.ts';
import { currentRoom, goTo } from './page/rooms.ts';
import { StudioProvider } from './store/context.tsx';
import { keepJobs } from './store/kept-jobs.ts';
import { bringBack } from './store/last-visit.ts';
import { loadSettings, saveSettings } from './store/settings.ts';
import { settingsOf, type Theme } from './store/state.ts';
import { createStudio, type Studio } from './store/studio.ts';
import { askToKeepStorage } from './ui/browser-storage.ts';

const preferred: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
document.documentElement.dataset.theme = preferred;

const settings = loadSettings(preferred);
const builtIn = builtInModel(new URL('models/storybook/', document.baseURI).href);
const keptFolders = openKeptFolders();
const kept = keepJobs((notice) => studio.actions.notify(notice));
const studio: Studio = createStudio({
  model: builtIn,
  builtInModel: builtIn,
  backend: 'auto',
  settings,
  spawn: spawnModelWorker,
  randomSeed,
  keeper: kept,
  takeTurn: kept.takeTurn,
});
void bringBack(studio, kept);
const gallery = createGallery(kept);
void beApp(studio, (files) => {
  goTo('make');
  void addPictureFiles(studio.actions, files);
});
const models = createModels({
  spawn: spawnModelsWorker,
  keptFolders,
  open: studio.actions.chooseModel,
  leave: studio.actions.leaveModel,
  keepStorage: async () => {
    await askToKeepStorage();
  },
  onEnding: (name, ending) => {
    studio.actions.announce(endingWords(name, ending));
    if (currentRoom() !== 'models') studio.actions.notify(endingNotice(name, ending));
  },
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
        <ModelsProvider models={models}>
          <GalleryProvider gallery={gallery}>
            <ErrorBoundary>
              <App />
            </ErrorBoundary>
          </GalleryProvider>
        </ModelsProvider>
      </StudioProvider>
    </StrictMode>,
  );
}
// Load the model after the first paint, so that the prompt can be typed meanwhile.
requestAnimationFrame(() =>
  setTimeout(async () => {
    const { model, notice } = await firstModel(settings.model, builtIn, keptFolders);
    studio.actions.startWith(model);
    if (notice) studio.actions.notify(notice);
  }),
);
