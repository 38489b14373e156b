/** Ids of models in the store. The same source always has the same id. */

import type { WeightFormat } from '../checkpoints/conversion/plan.ts';
import { DEFAULT_HUB, type InstallSource } from './models.ts';
import { startSha256 } from './sha256.ts';
import { folderUrl } from './urls.ts';

/** What a source is called if the person gives no name. */
export function nameOf(source: InstallSource): string {
  switch (source.kind) {
    case 'hub':
      return source.repository;
    case 'address':
      return (
        decoded(new URL(source.url).pathname.split('/').findLast((part) => part !== '') ?? '') ||
        hostOf(source.url)
      );
    case 'folder':
      return source.folder.name;
    default:
      return source satisfies never;
  }
}

/** A short name for a folder, and a hash of everything that makes the source another one. */
export async function idOf(source: InstallSource, weights: WeightFormat): Promise<string> {
  const hash = await startSha256();
  hash.update(new TextEncoder().encode(JSON.stringify([await identity(source), weights])));
  const slug = nameOf(source)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${slug || 'model'}-${hash.digest().slice(0, 8)}`;
}

async function identity(source: InstallSource): Promise<readonly unknown[]> {
  switch (source.kind) {
    case 'hub':
      return [source.host ?? DEFAULT_HUB, source.repository, source.revision ?? 'main'];
    case 'address':
      return [folderUrl(source.url)];
    case 'folder': {
      const files = await source.folder.list();
      return [source.folder.name, files.map(({ path, sizeBytes }) => [path, sizeBytes]).sort()];
    }
    default:
      return source satisfies never;
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
