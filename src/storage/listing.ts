/** Finds the files of a source: from the API of a hub, a manifest, or the configurations of a checkpoint. */

import { MODEL_INDEX, REQUIRED_FILES } from '../checkpoints/checkpoint.ts';
import { insidePath } from '../checkpoints/folder.ts';
import { MANIFEST_FILE, parseManifest } from '../checkpoints/manifest.ts';
import { OmniError } from '../errors.ts';
import { isObject } from '../json.ts';
import { fetchJson } from './fetch-small.ts';
import { PARTIAL } from './files.ts';
import { listHub } from './hub.ts';
import { MAX_FILE_BYTES, MAX_SMALL_FILE_BYTES, PARALLEL_REQUESTS } from './limits.ts';
import type { InstallSource } from './models.ts';
import { eachInParallel } from './parallel.ts';
import type { ListedFile } from './record.ts';
import { fetchRange, type RemoteFile, type TransportOptions } from './transport.ts';
import { isNotFound, refusedByServer, shownUrl } from './transport-errors.ts';
import { fileUrl, folderUrl } from './urls.ts';

/** The files of a source, and where they are. */
export interface Listing {
  /** A bundle is stored as it is; a checkpoint is converted. */
  readonly kind: 'bundle' | 'checkpoint';
  /** The source as it is shown. A hub's revision is replaced by its commit. */
  readonly address: string;
  readonly baseUrls: readonly string[];
  readonly files: readonly ListedFile[];
}

/** Files of a checkpoint that the program reads where they exist. */
const OPTIONAL: readonly string[] = [
  'mllm/generation_config.json',
  'processor/added_tokens.json',
  'processor/special_tokens_map.json',
  'processor/chat_template.json',
  'processor/chat_template.jinja',
  'processor/vocab.json',
  'processor/merges.txt',
  'README.md',
  'LICENSE',
];
const WEIGHTS: readonly string[] = [
  'transformer/diffusion_pytorch_model.safetensors',
  'vae/diffusion_pytorch_model.safetensors',
  'mllm/model.safetensors',
];
/** Files of a repository that can belong to a checkpoint. Others do not matter. */
const CHECKPOINT_FILE = /^((transformer|vae|mllm|processor|scheduler)\/)?[^/\\]+$/;
/** Bytes that a server sends to tell the size of a file. */
const PROBE_BYTES = 1;

/**
 * Lists the files of a source on the web.
 * @throws OmniError `unreachable` or `bad_checkpoint`; `AbortError`
 */
export async function listSource(
  signal: AbortSignal,
  source: Exclude<InstallSource, { kind: 'folder' }>,
  transport: TransportOptions,
): Promise<Listing> {
  if (source.kind === 'hub') {
    const { commit, baseUrl, files } = await listHub(signal, source, transport);
    const address = `${source.repository}@${commit}`;
    if (files.some(({ path }) => path === MANIFEST_FILE)) {
      const bundle = await listBundle(signal, baseUrl, transport);
      return { kind: 'bundle', address, baseUrls: [baseUrl], files: bundle };
    }
    const wanted = files.filter(({ path }) => CHECKPOINT_FILE.test(path));
    return { kind: 'checkpoint', address, baseUrls: [baseUrl], files: checkedFiles(wanted, baseUrl) };
  }
  const baseUrls = [source.url, ...(source.mirrors ?? [])].map(folderUrl);
  for (const [i, base] of baseUrls.entries()) {
    try {
      return { address: baseUrls[0], baseUrls, ...(await listFolder(signal, base, transport)) };
    } catch (error) {
      const another = error instanceof OmniError && error.code === 'unreachable' && i < baseUrls.length - 1;
      if (!another) throw error;
    }
  }
  throw new Error('a source has at least one address');
}

async function listFolder(
  signal: AbortSignal,
  base: string,
  transport: TransportOptions,
): Promise<Pick<Listing, 'kind' | 'files'>> {
  try {
    return { kind: 'bundle', files: await listBundle(signal, base, transport) };
  } catch (error) {
    if (!isNotFound(error) && !isOtherPage(error)) throw error;
    const files = await listCheckpoint(signal, base, transport).catch((failure: unknown) => {
      throw isOtherPage(error) && isNotFound(failure) ? error : failure;
    });
    return { kind: 'checkpoint', files };
  }
}

/** The files of a bundle, by its manifest. */
async function listBundle(
  signal: AbortSignal,
  base: string,
  transport: TransportOptions,
): Promise<ListedFile[]> {
  const url = fileUrl(base, MANIFEST_FILE);
  const { files } = parseManifest((await fetchJson(signal, url, transport)).json, url);
  return checkedFiles(files, url);
}

/**
 * Checks what a listing from outside says.
 * @throws OmniError `bad_checkpoint` for paths outside of the folder, doubled paths and absurd sizes
 */
export function checkedFiles(files: readonly ListedFile[], where: string): ListedFile[] {
  const refuse = (why: string) =>
    new OmniError({
      code: 'bad_checkpoint',
      message: `${where} ${why}.`,
      action: 'Use another source of the model: this list of files is damaged.',
    });
  const seen = new Set<string>();
  for (const { path, sizeBytes } of files) {
    insidePath('', path, where);
    const key = path.toLowerCase();
    if (seen.has(key)) throw refuse(`lists ${path} twice`);
    if (path.endsWith(PARTIAL)) throw refuse(`lists ${path}, a name that is reserved for unfinished files`);
    seen.add(key);
    if (sizeBytes > MAX_FILE_BYTES) throw refuse(`says that ${path} has ${sizeBytes} bytes`);
  }
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > MAX_FILE_BYTES) throw refuse(`lists ${total} bytes in total`);
  return [...files];
}

/** The files of a checkpoint on a server that lists nothing: the known names, and what their indexes name. */
async function listCheckpoint(
  signal: AbortSignal,
  base: string,
  transport: TransportOptions,
): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  /** Adds the files that exist. */
  const probe = (paths: readonly string[], missing: (path: string, error: unknown) => Promise<void>) =>
    eachInParallel(signal, paths, PARALLEL_REQUESTS, async (either, path) => {
      try {
        found.push({ path, sizeBytes: await probeSize(either, base, path, transport) });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await missing(path, error);
      }
    });
  const refuse = (_: string, error: unknown) => Promise.reject(error);
  const shards: string[] = [];
  // It tells whether the address is a checkpoint at all.
  await probe([MODEL_INDEX], refuse);
  await probe(REQUIRED_FILES, refuse);
  await probe(WEIGHTS, async (path) => {
    shards.push(...(await shardsOf(signal, base, path, transport)));
  });
  await probe(shards, refuse);
  await probe(OPTIONAL, async () => undefined);
  return checkedFiles(found, base);
}

/** The index of the shards of a component, and the shards. */
async function shardsOf(
  signal: AbortSignal,
  base: string,
  weights: string,
  transport: TransportOptions,
): Promise<string[]> {
  const index = `${weights}.index.json`;
  const { json } = await fetchJson(signal, fileUrl(base, index), transport);
  const map = isObject(json) && isObject(json.weight_map) ? Object.values(json.weight_map) : [];
  const component = weights.split('/', 1)[0];
  const names = map.filter((name) => typeof name === 'string');
  return [index, ...new Set(names.map((name) => insidePath(component, name, index)))];
}

/** Size of a file on a server. */
async function probeSize(
  signal: AbortSignal,
  base: string,
  path: string,
  transport: TransportOptions,
): Promise<number> {
  const url = fileUrl(base, path);
  const file: RemoteFile = { path, url };
  await fetchRange(signal, file, 0, PROBE_BYTES, () => undefined, transport);
  // Some servers answer with their start page if there is no such file.
  if (file.headers?.get('content-type')?.startsWith('text/html')) throw refusedByServer(url, 404, false);
  const sizeBytes = file.sizeBytes ?? (await headSize(signal, url, transport));
  if (sizeBytes !== undefined) return sizeBytes;
  const whole: RemoteFile = { path, url, whole: true };
  const limit = MAX_SMALL_FILE_BYTES + 1;
  await fetchRange(signal, whole, 0, limit, () => undefined, transport);
  if (whole.sizeBytes !== undefined) return whole.sizeBytes;
  throw new OmniError({
    code: 'unreachable',
    permanent: true,
    message: `The server does not say how long ${shownUrl(url)} is.`,
    action: 'Download the folder with another program, and pick it on this page.',
  });
}

/** Size of a file whose server sends no ranges, or hides the size from pages of other origins. */
async function headSize(
  signal: AbortSignal,
  url: string,
  { token }: TransportOptions,
): Promise<number | undefined> {
  const headers = new Headers();
  if (token && token.origin === new URL(url).origin) headers.set('Authorization', `Bearer ${token.value}`);
  const response = await fetch(url, { method: 'HEAD', signal, credentials: 'omit', headers }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
  const length = response?.headers.get('content-length') ?? '';
  const encoding = response?.headers.get('content-encoding') ?? 'identity';
  return response?.ok && encoding === 'identity' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Whether a server answered with a page in place of a missing file. */
function isOtherPage(error: unknown): boolean {
  return error instanceof OmniError && error.cause instanceof SyntaxError;
}
