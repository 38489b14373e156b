/**
 * The API of the model hub: the commit of a revision, and its files.
 * Source: huggingface.js, packages/hub/src/lib/list-files.ts, model-info.ts and file-download-info.ts
 */

import { z } from 'zod';
import { OmniError } from '../errors.ts';
import { fetchJson } from './fetch-small.ts';
import { MAX_FILE_BYTES } from './limits.ts';
import { DEFAULT_HUB } from './models.ts';
import type { ListedFile } from './record.ts';
import type { TransportOptions } from './transport.ts';

const MAX_PAGES = 100;

const infoSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{7,64}$/) });
const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number().int().nonnegative().max(MAX_FILE_BYTES),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  }),
);

/** A repository at one commit. */
export interface HubListing {
  readonly commit: string;
  /** Address of the folder with the files. */
  readonly baseUrl: string;
  readonly files: readonly ListedFile[];
}

/**
 * Lists the files of a repository.
 * @throws OmniError `unreachable`, or `bad_checkpoint` if the hub sends something else than a listing
 */
export async function listHub(
  signal: AbortSignal,
  source: { readonly repository: string; readonly revision?: string; readonly host?: string },
  transport: TransportOptions,
): Promise<HubListing> {
  const host = (source.host ?? DEFAULT_HUB).replace(/\/+$/, '');
  const api = `${host}/api/models/${source.repository}`;
  const revision = encodeURIComponent(source.revision ?? 'main');
  const info = infoSchema.safeParse((await fetchJson(signal, `${api}/revision/${revision}`, transport)).json);
  if (!info.success) throw notAListing(host);
  const commit = info.data.sha;
  const files: ListedFile[] = [];
  let page: string | undefined = `${api}/tree/${commit}?recursive=true`;
  for (let pages = 0; page !== undefined; pages++) {
    const { json, headers }: { json: unknown; headers: Headers } = await fetchJson(signal, page, transport);
    const tree = treeSchema.safeParse(json);
    if (!tree.success || pages === MAX_PAGES) throw notAListing(host);
    for (const { type, path, size, lfs } of tree.data) {
      if (type === 'file') files.push({ path, sizeBytes: size, ...(lfs && { sha256: lfs.oid }) });
    }
    page = nextPage(headers.get('link'), page);
  }
  return { commit, baseUrl: `${host}/${source.repository}/resolve/${commit}/`, files };
}

/** The address of the next page, which must be on the same server. Source: RFC 8288 */
function nextPage(link: string | null, current: string): string | undefined {
  const address = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
  if (address === undefined) return undefined;
  const next = new URL(address, current);
  return next.origin === new URL(current).origin ? next.href : undefined;
}

function notAListing(host: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    permanent: false,
    message: `${host} did not answer with a list of files.`,
    action: 'Check the address of the hub, or give the address of a folder with the model.',
  });
}
