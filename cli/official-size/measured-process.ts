/** A script of this repository in a process of its own, with its memory. */

import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { OmniError } from '../../src/errors.ts';
import { ROOT } from '../models.ts';
import { MemorySampler } from './memory.ts';

export interface MeasuredProcess {
  readonly memory: MemorySampler;
  readonly seconds: number;
}

/**
 * Runs a script of this repository under Node and samples its memory.
 * @param args the script and its arguments
 * @param onLine receives each line of its standard output
 * @throws OmniError `internal` if it fails; the reason of `signal` after an abort
 */
export async function measuredProcess(
  signal: AbortSignal,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<MeasuredProcess> {
  signal.throwIfAborted();
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => child.kill();
  signal.addEventListener('abort', stop, { once: true });
  const { pid } = child;
  const memory = new MemorySampler(async () => (pid === undefined ? [] : [pid]));
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-2000);
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killedBy) => resolve(killedBy ?? String(code)));
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) onLine(line);
    const end = await ended;
    signal.throwIfAborted();
    if (end !== '0') throw failed(args, end, words);
    return { memory, seconds: (performance.now() - started) / 1000 };
  } finally {
    memory.stop();
    child.kill();
    signal.removeEventListener('abort', stop);
  }
}

function failed([script]: readonly string[], end: string, words: string): OmniError {
  const lines = words.trim().split('\n');
  const why = lines.find((line) => /^\w*Error\b.*: /.test(line)) ?? lines.at(-1) ?? '';
  return new OmniError({
    code: 'internal',
    message: `${basename(script)} ended with ${end}: ${why.trim()}`,
    action: 'See the lines above, then run the same step again with --only.',
    cause: words,
  });
}
