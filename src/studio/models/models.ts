/** The store and the actions of the Models page. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { type ErrorReport, OmniError, reportOf } from '../../errors.ts';
import { createModelsClient, type ModelsPort } from '../../models-client.ts';
import type { FromModels, ModelsOutcome, RequestId } from '../../models-protocol.ts';
import type { FolderSource } from '../../protocol.ts';
import { formatBytes } from '../ui/format.ts';
import { type ChosenModel, installedModel, keptFolderKey, pickedFilesKey } from './chosen-model.ts';
import { mayRead } from './file-system-access.ts';
import type { KeptFolders } from './kept-folders.ts';
import {
  type Ending,
  type FolderModel,
  type ModelsState,
  NO_MODELS,
  type Transfer,
  withProgress,
} from './models-state.ts';

/** What the Models page needs from outside; tests replace it. */
export interface ModelsEnvironment {
  spawn(): ModelsPort;
  readonly keptFolders: KeptFolders;
  /** Opens a model for drawing. */
  open(model: ChosenModel): void;
  /** Called before a model is deleted or forgotten. */
  leave(key: string): void;
  /** Asks the browser not to delete the storage by itself. */
  keepStorage(): Promise<void>;
  /** Called when a transfer has ended, because the person may be on another page. */
  onEnding(name: string, ending: Ending): void;
}

export interface Models {
  readonly store: StoreApi<ModelsState>;
  readonly actions: ModelsActions;
}

export interface ModelsActions {
  /** Lists the models and the folders of earlier visits. Later calls do nothing. */
  start(): Promise<void>;
  /** Checks a folder and adds it to the list. `picked` may still be being read. */
  addFolder(picked: FolderSource | Promise<FolderSource>): Promise<void>;
  /** Says why something cannot be added. */
  refuse(refusal: ModelsState['refusal']): void;
  /**
   * Draws with a folder. Asks the browser for permission if that is needed.
   * @returns whether the folder may be read
   */
  openFolder(key: string): Promise<boolean>;
  openInstalled(id: string): void;
  forgetFolder(key: string): void;
  /** Converts a folder into the browser's storage. */
  convert(key: string): void;
  install(address: string): void;
  resume(id: string): void;
  pause(request: RequestId): void;
  verify(id: string): void;
  remove(id: string): void;
  setAddress(address: string): void;
  setToken(token: string): void;
  dispose(): void;
}

export function createModels(environment: ModelsEnvironment): Models {
  const { keptFolders } = environment;
  const store = createStore<ModelsState>(() => NO_MODELS);
  const { getState: get, setState: set } = store;
  const client = createModelsClient({ message: receive, crashed }, environment.spawn);
  /** The folders that are being checked. */
  const checks = new Map<RequestId, FolderSource>();
  let started = false;

  function receive(message: FromModels): void {
    switch (message.type) {
      case 'models':
        set({ listed: true, installed: message.models, space: message.space });
        forgetAddress();
        return;
      case 'progress': {
        const { request, progress } = message;
        change(request, (transfer) => withProgress(transfer, progress, performance.now()));
        forgetAddress();
        return;
      }
      case 'checked': {
        const folder = checks.get(message.request);
        checks.delete(message.request);
        set({ checking: undefined });
        if (folder) void addChecked(folder, message.summary);
        return;
      }
      case 'done': {
        const { request, outcome } = message;
        // A model that was installed before is named here only.
        if (outcome.type === 'installed') change(request, (each) => ({ ...each, id: outcome.model.id }));
        forgetAddress();
        end(request, goodEnding(outcome));
        return;
      }
      case 'paused':
        end(message.request, undefined);
        return;
      case 'failed':
        fail(message.request, message.error);
        return;
      default:
        message satisfies never;
    }
  }

  function crashed(error: ErrorReport, wasReady: boolean): void {
    const requests = [...checks.keys(), ...get().transfers.map(({ request }) => request)];
    for (const request of requests) fail(request, error);
    if (wasReady) client.send({ type: 'list' });
    else set({ refusal: error });
  }

  function fail(request: RequestId | undefined, error: ErrorReport): void {
    const transfer = get().transfers.find((each) => each.request === request);
    if (request !== undefined && checks.delete(request)) set({ checking: undefined, refusal: error });
    else if (!isListed(transfer?.id)) set({ refusal: error });
    if (transfer) end(transfer.request, { tone: 'bad', error });
  }

  /** Empties the address field once the install from it has a row. */
  function forgetAddress(): void {
    const { transfers, address } = get();
    const listed = transfers.find(({ inField, id }) => inField && isListed(id));
    if (!listed) return;
    change(listed.request, (transfer) => ({ ...transfer, inField: false }));
    if (address.trim() === listed.label) set({ address: '' });
  }

  /** Removes a transfer from the list and shows how it ended in its model's row, if there is one. */
  function end(request: RequestId, ending: Ending | undefined): void {
    const { transfers, installed, endings } = get();
    const transfer = transfers.find((each) => each.request === request);
    if (!transfer) return;
    const { id, label } = transfer;
    const remaining = transfers.filter((each) => each !== transfer);
    if (id === undefined || !isListed(id)) set({ transfers: remaining });
    else set({ transfers: remaining, endings: withEnding(endings, id, ending) });
    const name = installed.find((model) => model.id === id)?.name ?? label;
    if (ending) environment.onEnding(name, ending);
  }

  function change(request: RequestId, update: (transfer: Transfer) => Transfer): void {
    set(({ transfers }) => ({
      transfers: transfers.map((each) => (each.request === request ? update(each) : each)),
    }));
  }

  function begin(kind: Transfer['kind'], label: string, id?: string): RequestId {
    const request = client.newRequest();
    const inField = kind === 'install';
    const transfer = { request, kind, label, id, samples: [], pausing: false, inField };
    set(({ transfers, endings }) => ({
      refusal: undefined,
      transfers: [...transfers, transfer],
      endings: id === undefined ? endings : withEnding(endings, id, undefined),
    }));
    return request;
  }

  async function addChecked(folder: FolderSource, summary: FolderModel['summary']): Promise<void> {
    const { name } = folder;
    let key = pickedFilesKey(name);
    if (folder.kind === 'directory') {
      const same = await find(get().folders, (known) => isSame(known.folder, folder));
      key = same?.key ?? keptFolderKey(crypto.randomUUID());
      await keptFolders.keep({ key, name, directory: folder.directory, summary });
    }
    const added: FolderModel = { key, name, folder, summary, needsPermission: false };
    set(({ folders }) => ({ folders: [...folders.filter((each) => each.key !== key), added] }));
  }

  /** Asks once a model is about to be stored, and shows what the browser says. */
  async function keepStorage(): Promise<void> {
    if (get().space?.persisted) return;
    await environment.keepStorage();
    client.send({ type: 'list' });
  }

  const folderOf = (key: string) => get().folders.find((each) => each.key === key);
  const modelOf = (id: string) => get().installed.find((each) => each.id === id);
  const isListed = (id: string | undefined) => id !== undefined && modelOf(id) !== undefined;
  const token = () => get().token.trim() || undefined;

  /** The folder that a model is made from, if it is in the list and may be read. */
  function sourceFolder(id: string): FolderSource | undefined {
    const model = modelOf(id);
    const source = model?.source;
    if (source?.kind !== 'folder') return undefined;
    const known = get().folders.filter(({ needsPermission }) => !needsPermission);
    return known.find(({ name }) => name === source.address)?.folder;
  }

  const actions: ModelsActions = {
    async start() {
      if (started) return;
      started = true;
      client.send({ type: 'list' });
      const kept = await keptFolders.list();
      const folders = await Promise.all(
        kept.map(async ({ key, name, directory, summary }): Promise<FolderModel> => {
          const folder = { kind: 'directory', name, directory } as const;
          return { key, name, folder, summary, needsPermission: !(await mayRead(directory, false)) };
        }),
      );
      set((state) => {
        const added = new Set(state.folders.map(({ key }) => key));
        return { folders: [...folders.filter(({ key }) => !added.has(key)), ...state.folders] };
      });
    },
    async addFolder(picked) {
      set({ refusal: undefined });
      try {
        const folder = await picked;
        const request = client.newRequest();
        checks.set(request, folder);
        set({ checking: folder.name });
        client.send({ type: 'check', request, folder });
      } catch (error) {
        set({ refusal: reportOf(error, 'Reading the folder') });
      }
    },
    refuse: (refusal) => set({ refusal }),
    async openFolder(key) {
      const model = folderOf(key);
      if (!model) return false;
      const { name, folder } = model;
      if (folder.kind === 'directory' && !(await mayRead(folder.directory, model.needsPermission))) {
        set(({ folders }) => ({
          refusal: notAllowed(name),
          folders: folders.map((each) => (each.key === key ? { ...each, needsPermission: true } : each)),
        }));
        return false;
      }
      set(({ folders }) => ({
        refusal: undefined,
        folders: folders.map((each) => (each.key === key ? { ...each, needsPermission: false } : each)),
      }));
      environment.open({ key, name, source: folder });
      return true;
    },
    openInstalled(id) {
      const model = modelOf(id);
      if (model) environment.open(installedModel(id, model.name));
    },
    forgetFolder(key) {
      environment.leave(key);
      set(({ folders }) => ({ folders: folders.filter((each) => each.key !== key) }));
      void keptFolders.forget(key);
    },
    convert(key) {
      const model = folderOf(key);
      if (!model) return;
      const { name, folder } = model;
      client.send({ type: 'convert', request: begin('convert', name), folder });
      void keepStorage();
    },
    install(address) {
      const label = address.trim();
      client.send({ type: 'install', request: begin('install', label), address: label, token: token() });
      void keepStorage();
    },
    resume(id) {
      const folder = sourceFolder(id);
      const request = begin('resume', modelOf(id)?.name ?? id, id);
      client.send({ type: 'resume', request, id, token: token(), folder });
    },
    pause(request) {
      change(request, (transfer) => ({ ...transfer, pausing: true }));
      client.send({ type: 'pause', request });
    },
    verify(id) {
      const folder = sourceFolder(id);
      const request = begin('verify', modelOf(id)?.name ?? id, id);
      client.send({ type: 'verify', request, id, token: token(), folder });
    },
    remove(id) {
      environment.leave(installedModel(id, '').key);
      set(({ endings }) => ({ endings: withEnding(endings, id, undefined) }));
      client.send({ type: 'delete', request: client.newRequest(), id });
    },
    setAddress: (next) => set({ address: next }),
    setToken: (next) => set({ token: next }),
    dispose: client.dispose,
  };
  return { store, actions };
}

function goodEnding(outcome: ModelsOutcome): Ending | undefined {
  switch (outcome.type) {
    case 'installed':
      return { tone: 'good', text: `Installed, ${formatBytes(outcome.model.sizeBytes)}. It can be used.` };
    case 'verified': {
      const { checkedFiles, repaired } = outcome;
      if (repaired.length === 0)
        return { tone: 'good', text: `All ${checkedFiles} files are as they should be.` };
      const files = repaired.length === 1 ? repaired[0] : `${repaired.length} files`;
      return {
        tone: 'good',
        text: `Repaired ${files}. All ${checkedFiles} files are as they should be now.`,
      };
    }
    case 'deleted':
      return undefined;
    default:
      return outcome satisfies never;
  }
}

function withEnding(
  endings: ModelsState['endings'],
  id: string,
  ending: Ending | undefined,
): ModelsState['endings'] {
  const { [id]: _, ...others } = endings;
  return ending ? { ...others, [id]: ending } : others;
}

async function isSame(a: FolderSource, b: FolderSource): Promise<boolean> {
  return a.kind === 'directory' && b.kind === 'directory' && a.directory.isSameEntry(b.directory);
}

async function find<Item>(
  items: readonly Item[],
  matches: (item: Item) => Promise<boolean>,
): Promise<Item | undefined> {
  for (const item of items) if (await matches(item)) return item;
  return undefined;
}

function notAllowed(name: string): ErrorReport {
  return new OmniError({
    code: 'unreachable',
    message: `The browser does not let this page read the folder ${name}.`,
    action: 'Click “Allow and use” again and allow it, or pick the folder again.',
  }).toReport();
}
