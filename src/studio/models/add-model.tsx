import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { folderOfInput } from '../../picked-files.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useModels, useModelsActions } from './context.tsx';
import { pickDirectory, picksHandles } from './file-system-access.ts';

type Origin = 'folder' | 'network';

/** Adds a model: a folder of the person, or one from a hub or a web address. */
export function AddModel() {
  const [origin, setOrigin] = useState<Origin>('folder');
  const titleId = useId();
  return (
    <section className="add-model" aria-labelledby={titleId}>
      <h2 id={titleId}>Add a model</h2>
      <p>OmniGen2, or any checkpoint with its layout. Nothing is fetched until you say so.</p>
      <fieldset className="origins">
        <legend className="visually-hidden">Where the model is</legend>
        <OriginChoice
          icon="folder"
          title="A folder you have"
          hint="read in place, nothing is copied"
          checked={origin === 'folder'}
          onChoose={() => setOrigin('folder')}
        />
        <OriginChoice
          icon="globe"
          title="Hub or web address"
          hint="converted while it downloads"
          checked={origin === 'network'}
          onChoose={() => setOrigin('network')}
        />
      </fieldset>
      {origin === 'folder' ? <FolderForm /> : <AddressForm />}
      <Refusal />
    </section>
  );
}

interface OriginChoiceProps {
  readonly icon: IconName;
  readonly title: string;
  readonly hint: string;
  readonly checked: boolean;
  onChoose(): void;
}

function OriginChoice({ icon, title, hint, checked, onChoose }: OriginChoiceProps) {
  return (
    <label>
      <input type="radio" name="origin" checked={checked} onChange={onChoose} />
      <span className="origin-face">
        <Icon name={icon} />
        <b>{title}</b>
        <small>{hint}</small>
      </span>
    </label>
  );
}

function FolderForm() {
  const { addFolder, refuse } = useModelsActions();
  const checking = useModels((state) => state.checking);
  const input = useRef<HTMLInputElement>(null);
  const pick = async () => {
    if (!picksHandles()) {
      input.current?.click();
      return;
    }
    const directory = await pickDirectory();
    if (directory) await addFolder({ kind: 'directory', name: directory.name, directory });
  };
  return (
    <Panel
      help={
        <>
          Drop the folder anywhere on this page, or choose it: the one with <code>model_index.json</code>,{' '}
          <code>transformer</code>, <code>vae</code> and <code>mllm</code> in it.
          {!picksHandles() && ' This browser lets the page read it for one visit.'}
        </>
      }
    >
      <button
        type="button"
        className="btn primary"
        disabled={checking !== undefined}
        onClick={() => void pick()}
      >
        <Icon name="folder" />
        <span>{checking === undefined ? 'Choose a folder' : `Reading ${checking}`}</span>
      </button>
      <input
        ref={input}
        type="file"
        hidden
        data-testid="pick-folder"
        // React passes unknown attributes on only as text.
        {...{ webkitdirectory: '' }}
        onChange={(event) => {
          const folder = folderOfInput([...(event.target.files ?? [])]);
          event.target.value = '';
          if (folder) void addFolder(folder);
          else refuse({ message: 'The folder is empty.', action: 'Choose the folder of a checkpoint.' });
        }}
      />
    </Panel>
  );
}

function AddressForm() {
  const { install, setAddress, setToken, refuse } = useModelsActions();
  const token = useModels((state) => state.token);
  const address = useModels((state) => state.address);
  const starting = useModels(({ transfers }) =>
    transfers.some(({ inField, label }) => inField && label === address.trim()),
  );
  const addressId = useId();
  const tokenId = useId();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (address.trim() === '') {
          refuse({ message: 'The address is empty.', action: 'Type a hub id such as OmniGen2/OmniGen2.' });
          return;
        }
        install(address);
      }}
    >
      <Panel
        help={
          <>
            A hub id such as <code>OmniGen2/OmniGen2</code>, or the address of a folder with a checkpoint or a{' '}
            <code>manifest.json</code>. Of the official checkpoint 15.7 GB are fetched and about 4.7 GB kept,
            in this browser.
          </>
        }
      >
        <div className="address-fields">
          <label htmlFor={addressId}>Hub id or address</label>
          <span className="field">
            <input
              id={addressId}
              type="text"
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
              placeholder="OmniGen2/OmniGen2"
              value={address}
              onChange={(event) => setAddress(event.target.value)}
            />
          </span>
          <label htmlFor={tokenId}>
            Access token <small>only if the repository asks for one</small>
          </label>
          <span className="field">
            <input
              id={tokenId}
              type="password"
              autoComplete="off"
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          </span>
          <p className="meta">The token is sent to that server alone, and forgotten when the page closes.</p>
        </div>
        <button type="submit" className="btn primary" disabled={starting}>
          <Icon name="save" />
          <span>Download</span>
        </button>
      </Panel>
    </form>
  );
}

function Panel({ help, children }: { help: ReactNode; children: ReactNode }) {
  return (
    <div className="add-panel">
      <p>{help}</p>
      {children}
    </div>
  );
}

function Refusal() {
  const refusal = useModels((state) => state.refusal);
  const shown = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // A folder can be dropped anywhere on the page.
    if (refusal) shown.current?.scrollIntoView({ block: 'nearest' });
  }, [refusal]);
  if (!refusal) return null;
  return (
    <p className="model-ending bad" role="alert" ref={shown}>
      <Icon name="warn" />
      <span>
        <b>{refusal.message}</b> {refusal.action}
      </span>
    </p>
  );
}
