/**
 * Where a page's model is served: the folder that the page names, or the built-in model beside this module.
 */

import type { ModelSource } from '../protocol.ts';

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

/** The model in the folder `address`, which is relative to the page; without one, the built-in model. */
export function modelSource(address: string | URL | undefined): ModelSource {
  if (address === undefined) {
    const files = Object.entries(FILES).map(([path, url]) => [path.slice(BUILT_IN.length), url] as const);
    return {
      kind: 'bundle',
      name: 'storybook',
      baseUrl: new URL(/* @vite-ignore */ 'models/storybook/', import.meta.url).href,
      files: Object.fromEntries(files),
    };
  }
  const folder = new URL(address, document.baseURI);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return { kind: 'bundle', name: folder.pathname.split('/').at(-2) ?? 'model', baseUrl: folder.href };
}
