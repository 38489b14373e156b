import { useEffect, useState } from 'react';
import { MeasureMachine } from '../models/measure-machine.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import type { Theme } from '../store/state.ts';
import { askToKeepStorage, type StorageSpace, storageSpace } from '../ui/browser-storage.ts';
import { formatBytes } from '../ui/format.ts';
import './settings-page.css';

/** Storage, engine, look and privacy. */
export function SettingsPage() {
  return (
    <div className="settings-page">
      <h1 tabIndex={-1}>Settings</h1>
      <StorageSection />
      <EngineSection />
      <FilesSection />
      <LookSection />
      <PrivacySection />
    </div>
  );
}

function StorageSection() {
  const [space, setSpace] = useState<StorageSpace>();
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    void storageSpace().then(setSpace);
  }, []);
  const persist = async () => {
    setRefused(!(await askToKeepStorage()));
    setSpace(await storageSpace());
  };
  return (
    <section aria-labelledby="settings-storage">
      <h2 id="settings-storage">Storage</h2>
      {!space && <p>This browser does not say how much it stores.</p>}
      {space && (
        <>
          <p data-testid="storage">
            This page stores {formatBytes(space.usedBytes)}: the built-in model, the models that you added,
            and your <a href="#/gallery">pictures</a>. The browser offers about{' '}
            {formatBytes(space.quotaBytes)}.
          </p>
          <p>
            {space.persisted
              ? 'The browser keeps it until you delete it.'
              : 'The browser may delete it when the disk is nearly full.'}
          </p>
          {!space.persisted && (
            <p>
              <button type="button" className="btn" onClick={() => void persist()}>
                Ask the browser to keep it
              </button>
            </p>
          )}
          {refused && (
            <p role="status">
              The browser did not agree. Some browsers do when the page is a bookmark or is installed as an
              app.
            </p>
          )}
        </>
      )}
    </section>
  );
}

function EngineSection() {
  const model = useStudio((state) => state.model);
  const device = model.status === 'ready' ? model.device : undefined;
  return (
    <section aria-labelledby="settings-engine">
      <h2 id="settings-engine">Engine</h2>
      <p>
        {device
          ? `Pictures are computed on the ${device.backend === 'webgpu' ? 'GPU' : 'CPU'}: ${device.description}.${device.reason ? ` ${device.reason}` : ''}`
          : 'The engine has not started yet.'}
      </p>
      <MeasureMachine />
    </section>
  );
}

function FilesSection() {
  const sessionInFiles = useStudio((state) => state.sessionInFiles);
  const { setSessionInFiles } = useActions();
  return (
    <section aria-labelledby="settings-files">
      <h2 id="settings-files">Saved pictures</h2>
      <label className="settings-check">
        <input
          type="checkbox"
          checked={sessionInFiles}
          onChange={({ currentTarget }) => setSessionInFiles(currentTarget.checked)}
        />
        <span>
          Write the words, the settings, what was said in each round, and small copies of the references into
          the file. Drop the file on this page to bring them back. Whoever gets the file can read them.
        </span>
      </label>
    </section>
  );
}

const THEMES: readonly { readonly name: Theme; readonly label: string }[] = [
  { name: 'light', label: 'Light' },
  { name: 'dark', label: 'Dark' },
];

function LookSection() {
  const theme = useStudio((state) => state.theme);
  const { setTheme } = useActions();
  return (
    <section aria-labelledby="settings-look">
      <h2 id="settings-look">Look</h2>
      <fieldset className="settings-choices">
        <legend>Colours</legend>
        {THEMES.map(({ name, label }) => (
          <label key={name}>
            <input type="radio" name="theme" checked={theme === name} onChange={() => setTheme(name)} />
            {label}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function PrivacySection() {
  return (
    <section aria-labelledby="settings-privacy">
      <h2 id="settings-privacy">Privacy</h2>
      <p>
        Pictures, words and answers are computed on this device and kept in this browser. Nothing is sent
        anywhere. The page fetches its own files from the server that it came from. It asks another server
        only if you add a model from there.
      </p>
      <p>
        <a href="third-party-notices.txt">Licences of the software in this page</a>
      </p>
    </section>
  );
}
