/** Reads what a person types as the source of a model: a hub id, or an address. */

import { OmniError } from '../errors.ts';
import { DEFAULT_HUB, type InstallSource } from './models.ts';

const REPOSITORY = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const REVISION = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/;

/**
 * Parses `owner/name`, `owner/name@revision`, the address of a page of the hub, or the address of a folder or
 * of its `manifest.json`.
 * @param base address that a relative address is relative to. Default: relative addresses are refused
 * @throws OmniError `bad_request`
 *
 * @example
 * parseInstallSource('OmniGen2/OmniGen2'); // { kind: 'hub', repository: 'OmniGen2/OmniGen2' }
 * parseInstallSource('https://example.org/model/manifest.json'); // { kind: 'address', url: '…/model/' }
 */
export function parseInstallSource(text: string, base?: string): InstallSource {
  const trimmed = text.trim();
  const hub = hubSource(trimmed);
  if (hub) return hub;
  const url = parseAddress(trimmed, base);
  if (url.origin === DEFAULT_HUB) {
    const [owner, name, page, ...revision] = url.pathname.split('/').filter((part) => part !== '');
    const ofPage = page === 'tree' && revision.length > 0 ? `@${revision.join('/')}` : '';
    const source = page === undefined || page === 'tree' ? hubSource(`${owner}/${name}${ofPage}`) : undefined;
    if (source) return source;
  }
  return { kind: 'address', url: folderAddress(url) };
}

function hubSource(text: string): InstallSource | undefined {
  const [repository, ...rest] = text.split('@');
  const revision = rest.join('@');
  if (!REPOSITORY.test(repository) || repository.includes('..')) return undefined;
  if (rest.length === 0) return { kind: 'hub', repository };
  if (!REVISION.test(revision) || revision.includes('..')) return undefined;
  return { kind: 'hub', repository, revision };
}

function parseAddress(text: string, base: string | undefined): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || (base === undefined && !/^https?:\/\//i.test(text))) {
    throw new OmniError({
      code: 'bad_request',
      message: `${JSON.stringify(text.slice(0, 200))} is neither a repository (owner/name) nor a web address.`,
      action: 'Give a repository such as OmniGen2/OmniGen2, or an address that begins with https://.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new OmniError({
      code: 'bad_request',
      message: 'The address contains a user name or a password.',
      action: 'Give the address without them, and an access token in its own field.',
    });
  }
  return url;
}

/** The folder of an address, without query and fragment, ending with `/`. */
function folderAddress({ origin, pathname }: URL): string {
  const folder = pathname.replace(/\/(manifest|model_index)\.json$/, '/');
  return `${origin}${folder.endsWith('/') ? folder : `${folder}/`}`;
}
