/** The reference of the commands: what each prints for `--help`. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The commands in the order of the page: the name of the npm script and its file in cli/. */
const COMMANDS = [
  ['generate', 'generate.ts'],
  ['chat', 'chat.ts'],
  ['convert', 'convert.ts'],
  ['verify', 'verify.ts'],
  ['bench', 'bench.ts'],
  ['judge:check', 'judge-check.ts'],
  ['storybook:bench', 'storybook-bench.ts'],
  ['docs', 'docs.ts'],
] as const;

const EXIT_CODES = `Every command ends with 0 after success, 1 after a failure, 2 after wrong arguments and 130 after Ctrl-C.
Errors are one sentence about what is wrong and one about what to do.`;

/** docs/reference/command-line.md, from the commands themselves. */
export async function commandLinePage(root: string): Promise<string> {
  const sections = await Promise.all(
    COMMANDS.map(async ([name, file]) => `## ${name}\n\n\`\`\`text\n${await helpOf(root, file)}\n\`\`\``),
  );
  return `${[
    '<!-- Written by `npm run -s docs` from the commands. -->',
    '# Command line',
    EXIT_CODES,
    ...sections,
  ].join('\n\n')}\n`;
}

async function helpOf(root: string, file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', `cli/${file}`, '--help'],
    { cwd: root },
  );
  return stdout.trimEnd();
}
