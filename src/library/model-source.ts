/**
 * Where a page's model is served: the folder that the page names, or the built-in model beside this module.
 */

import { folderOfInput } from '../picked-files.ts';
import type { ModelSource } from '../protocol.ts';
import { tagOf } from '../settings/value-words.ts';
import type { OpenOptions } from './types.ts';

const BUILT_IN = '../../public/models/storybook/';

/**
 * Address of every file of the built-in model. A page's own bundler renames and moves files, and it follows
 * each of them only where the code names it.
 */
const FILES = import.meta.glob<string>('../../public/models/storybook/**/*', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
});

/**
 * The model of a page: in the folder at an address, which is relative to the page; in a picked folder; or the
 * built-in model.
 */
export function modelSource(model: OpenOptions['model']): ModelSource {
  if (model === undefined) {
    const files = Object.entries(FILES).map(([path, url]) => [path.slice(BUILT_IN.length), url] as const);
    return {
      kind: 'bundle',
      name: 'storybook',
      baseUrl: new URL(/* @vite-ignore */ 'models/storybook/', import.meta.url).href,
      files: Object.fromEntries(files),
    };
  }
  if (isPickedFiles(model)) {
    const picked = folderOfInput(model);
    if (!picked) throw new Error('the arguments were not checked');
    return picked;
  }
  if (isDirectory(model)) return { kind: 'directory', name: model.name, directory: model };
  const folder = new URL(model, document.baseURI);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return { kind: 'bundle', name: folder.pathname.split('/').at(-2) ?? 'model', baseUrl: folder.href };
}

type Model = NonNullable<OpenOptions['model']>;

function isPickedFiles(model: Model): model is readonly File[] {
  return Array.isArray(model);
}

function isDirectory(model: string | URL | FileSystemDirectoryHandle): model is FileSystemDirectoryHandle {
  return tagOf(model) === 'FileSystemDirectoryHandle';
}
