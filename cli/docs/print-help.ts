/**
 * Prints as JSON what commands print for `--help`, by their files. One process for all: they share most
 * modules, and each start would take a second.
 *
 *   node --import tsx cli/docs/print-help.ts FILE …
 */

import process from 'node:process';

const files = process.argv.slice(2);
const help: Record<string, string> = {};
const { log } = console;
// A command ends its process after the help; here the next one follows.
process.exit = () => {
  throw new Error('The help is printed.');
};
console.error = () => undefined;
for (const file of files) {
  console.log = (text: string) => {
    help[file] = text;
  };
  process.argv = [process.execPath, file, '--help'];
  await import(`../${file}`);
}
log(JSON.stringify(help));
process.exitCode = 0;
