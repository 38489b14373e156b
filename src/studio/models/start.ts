/** Decides which model a visit begins with, and says why if it is not the one that was chosen last. */

import { LAST_VISIT, type Notice } from '../store/state.ts';
import { type ChosenModel, howToOpen, type RememberedModel } from './chosen-model.ts';
import { mayRead } from './file-system-access.ts';
import type { KeptFolders } from './kept-folders.ts';

export interface FirstModel {
  readonly model: ChosenModel;
  readonly notice?: Notice;
}

/** The model that was chosen last if the page may open it without a question, else the built-in one. */
export async function firstModel(
  remembered: RememberedModel,
  builtIn: ChosenModel,
  keptFolders: KeptFolders,
): Promise<FirstModel> {
  const how = howToOpen(remembered);
  switch (how.kind) {
    case 'built-in':
      return { model: builtIn };
    case 'now':
      return { model: how.model };
    case 'picked files':
      return { model: builtIn, notice: pickAgainNotice(remembered) };
    case 'kept folder': {
      const kept = (await keptFolders.list()).find(({ key }) => key === remembered.key);
      if (!kept) return { model: builtIn, notice: pickAgainNotice(remembered) };
      const { key, name, directory } = kept;
      if (!(await mayRead(directory, false))) return { model: builtIn, notice: allowNotice(remembered) };
      return { model: { key, name, source: { kind: 'directory', name, directory } } };
    }
    default:
      return how satisfies never;
  }
}

function allowNotice({ key, name }: RememberedModel): Notice {
  return {
    id: LAST_VISIT,
    tone: 'warn',
    title: `${name} is in a folder of yours`,
    text: 'The browser asks before this page may read the folder again. Until then the built-in model draws.',
    action: { kind: 'allow folder', key },
  };
}

function pickAgainNotice({ name }: RememberedModel): Notice {
  return {
    id: LAST_VISIT,
    tone: 'warn',
    title: `${name} has to be picked again`,
    text: 'This browser lets the page read a picked folder for one visit. Until then the built-in model draws.',
    action: { kind: 'open models' },
  };
}
