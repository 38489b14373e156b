/**
 * Vite plugins that write the licences of all shipped packages into one text file. rolldown-license-plugin
 * reads the module graph of the page and of each worker. Two kinds of package are not in it: packages that
 * another package has bundled into its own files (EMBEDDED), and licence texts that an npm package lacks (the
 * folder `licenses`).
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LicenseInfo, licensePlugin, type RolldownLicensePluginOpts } from 'rolldown-license-plugin';
import type { Plugin } from 'vite';

export const NOTICES_FILE = 'third-party-notices.txt';

/**
 * The packages inside the files of another package, which name them in comments such as `//
 * node_modules/NAME/…`.
 */
export const EMBEDDED: Readonly<Record<string, readonly string[]>> = {
  '@huggingface/transformers': ['@huggingface/jinja', '@huggingface/tokenizers'],
};

const INTRODUCTION = `OmniGen2 Studio and its built-in model are licensed under Apache-2.0. The text of that licence comes
first. The licences of the third-party software in this build follow. None of that software was modified,
except that the build joins and minifies scripts.
`;

export interface NoticesPlugins {
  /** For `plugins`: writes the file. */
  readonly page: Plugin;
  /**
   * For `worker.plugins`: collects the packages of a worker. Vite builds the workers before it writes the
   * page.
   */
  readonly worker: () => Plugin;
}

export function thirdPartyNotices(): NoticesPlugins {
  const found = new Map<string, LicenseInfo>();
  const collect = (packages: readonly LicenseInfo[]) => {
    for (const info of packages) {
      for (const each of [info, ...(EMBEDDED[info.name] ?? []).map(readInstalled)]) {
        found.set(`${each.name}@${each.version}`, withMissingTexts(each));
      }
    }
  };
  return {
    worker: () => plugin({ done: collect }),
    page: plugin({
      done: (packages, context) => {
        collect(packages);
        const all = [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
        const bare = all.filter(({ license, licenseText }) => license === '' || licenseText === '');
        if (bare.length > 0) {
          const names = bare.map(({ name }) => name).join(', ');
          context.error(`No licence text: ${names}. Add it to the folder "licenses" (see its README).`);
        }
        context.emitFile({ type: 'asset', fileName: NOTICES_FILE, source: noticesText(all) });
      },
    }),
  };
}

/** Only the hook that rolldown-license-plugin has: its type and Vite's differ in the hooks that it lacks. */
function plugin(options: RolldownLicensePluginOpts): Plugin {
  return { name: 'third-party-notices', generateBundle: licensePlugin(options).generateBundle };
}

/** The file. A byte order mark makes browsers read it as UTF-8 whatever the server says. */
function noticesText(packages: readonly LicenseInfo[]): string {
  const parts = packages.map(({ name, version, license, licenseText }) => {
    const source = `https://www.npmjs.com/package/${name}/v/${version}`;
    return `${'#'.repeat(80)}\n${name} ${version}\nLicence: ${license}\nSource: ${source}\n\n${licenseText.trim()}\n`;
  });
  return `\uFEFF${[INTRODUCTION, readFileSync('LICENSE', 'utf8').trimEnd(), '', ...parts].join('\n')}`;
}

function readInstalled(name: string): LicenseInfo {
  const folder = join('node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[sc]e/i.test(entry));
  return { name, version, license, licenseText: file ? readFileSync(join(folder, file), 'utf8') : '' };
}

function withMissingTexts(info: LicenseInfo): LicenseInfo {
  const folder = join('licenses', info.name);
  if (!existsSync(folder)) return info;
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  return { ...info, licenseText: [info.licenseText, ...texts].join('\n').trim() };
}
