/** The model that draws: the built-in one, one in the browser's storage, or a folder of the person. */

import type { ModelSource } from '../../protocol.ts';

export interface ChosenModel {
  /** Names the model in the list, and between visits. */
  readonly key: string;
  /** The name for the person. */
  readonly name: string;
  readonly source: ModelSource;
}

/** What is remembered of a chosen model until the next visit. */
export type RememberedModel = Pick<ChosenModel, 'key' | 'name'>;

const BUILT_IN_KEY = 'built-in';
export const BUILT_IN: RememberedModel = { key: BUILT_IN_KEY, name: 'Built-in model' };

/** @param baseUrl the folder of its bundle, as an absolute URL */
export function builtInModel(baseUrl: string): ChosenModel {
  return { ...BUILT_IN, source: { kind: 'bundle', name: 'storybook', baseUrl } };
}

export function isBuiltIn({ key }: RememberedModel): boolean {
  return key === BUILT_IN_KEY;
}

/** The model within a sentence: "the built-in model", or its name. */
export function modelWords(model: RememberedModel): string {
  return isBuiltIn(model) ? 'the built-in model' : model.name;
}

/** The model at the start of a sentence. */
export function modelSubject(model: RememberedModel): string {
  return isBuiltIn(model) ? 'The built-in model' : model.name;
}

const INSTALLED = 'installed:';
const FOLDER = 'folder:';
const FILES = 'files:';

/** A model in the browser's storage. */
export function installedModel(id: string, name: string): ChosenModel {
  return { key: INSTALLED + id, name, source: { kind: 'installed', id, name } };
}

/** The key of a folder that the browser lets the page read again in later visits. */
export function keptFolderKey(id: string): string {
  return FOLDER + id;
}

/** The key of a folder whose files were picked for this visit. */
export function pickedFilesKey(name: string): string {
  return FILES + name;
}

/** How a remembered model can be opened. */
export type HowToOpen =
  | { readonly kind: 'built-in' }
  | { readonly kind: 'now'; readonly model: ChosenModel }
  /** The page has to ask for permission. */
  | { readonly kind: 'kept folder' }
  /** The person has to pick the folder again. */
  | { readonly kind: 'picked files' };

export function howToOpen({ key, name }: RememberedModel): HowToOpen {
  if (key.startsWith(INSTALLED)) {
    return { kind: 'now', model: installedModel(key.slice(INSTALLED.length), name) };
  }
  if (key.startsWith(FOLDER)) return { kind: 'kept folder' };
  return { kind: key.startsWith(FILES) ? 'picked files' : 'built-in' };
}
