import { useEffect } from 'react';
import { formatBytes } from '../ui/format.ts';
import { AddModel } from './add-model.tsx';
import { useModels, useModelsActions } from './context.tsx';
import { BuiltInRow, FolderRow, InstalledRow, NewInstallRow } from './model-rows.tsx';
import './models-page.css';

/** The list of models, and how to add one. */
export function ModelsPage() {
  const { start } = useModelsActions();
  useEffect(() => {
    void start();
  }, [start]);
  const folders = useModels((state) => state.folders);
  const installed = useModels((state) => state.installed);
  const transfers = useModels((state) => state.transfers);
  const ids = new Set(installed.map(({ id }) => id));
  const unlisted = transfers.filter(({ id }) => id === undefined || !ids.has(id));
  return (
    <div className="models-page">
      <header className="models-head">
        <h1>Models</h1>
        <StorageUse />
      </header>
      <ul className="model-list" aria-label="Models">
        <BuiltInRow />
        {folders.map((folder) => (
          <FolderRow key={folder.key} folder={folder} />
        ))}
        {installed.map((model) => (
          <InstalledRow key={model.id} model={model} transfer={transfers.find(({ id }) => id === model.id)} />
        ))}
        {unlisted.map((transfer) => (
          <NewInstallRow key={transfer.request} transfer={transfer} />
        ))}
      </ul>
      <AddModel />
      <p className="meta">
        <a href="#/settings">Measure this machine</a> to see how fast a large model would be.
      </p>
    </div>
  );
}

/** How much of the browser's storage is used. The browser may refuse before the quota is reached. */
function StorageUse() {
  const space = useModels((state) => state.space);
  if (!space) return null;
  const { usedBytes, quotaBytes, persisted } = space;
  const offered =
    quotaBytes === undefined ? '' : ` of about ${formatBytes(quotaBytes)} that the browser offers`;
  return (
    <p className="meta" data-testid="storage-use">
      {usedBytes === 0
        ? `The browser keeps no added models${quotaBytes === undefined ? '' : `, and offers about ${formatBytes(quotaBytes)} for them`}.`
        : `Added models take ${formatBytes(usedBytes)}${offered}. ${
            persisted
              ? 'They stay until you delete them.'
              : 'The browser may delete them when the disk is nearly full.'
          }`}
    </p>
  );
}
