/** The reference of the commands: what each prints for `--help`. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

/** The commands in the order of the page: the name of the npm script and its file in cli/. */
const COMMANDS = [
  ['generate', 'generate.ts'],
  ['chat', 'chat.ts'],
  ['convert', 'convert.ts'],
  ['verify', 'verify.ts'],
  ['bench', 'bench.ts'],
  ['official-size', 'official-size.ts'],
  ['judge:check', 'judge-check.ts'],
  ['storybook:bench', 'storybook-bench.ts'],
  ['docs', 'docs.ts'],
] as const;

const helpSchema = z.record(z.string(), z.string());

const EXIT_CODES = `Every command ends with 0 after success, 1 after a failure, 2 after wrong arguments and 130 after Ctrl-C.
Errors are one sentence about what is wrong and one about what to do.`;

/** docs/reference/command-line.md, from the commands themselves. */
export async function commandLinePage(root: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'cli/docs/print-help.ts', ...COMMANDS.map(([, file]) => file)],
    { cwd: root },
  );
  const help = helpSchema.parse(JSON.parse(stdout));
  return `${[
    '<!-- Written by `npm run -s docs` from the commands. -->',
    '# Command line',
    EXIT_CODES,
    ...COMMANDS.map(([name, file]) => `## ${name}\n\n\`\`\`text\n${help[file].trimEnd()}\n\`\`\``),
  ].join('\n\n')}\n`;
}
