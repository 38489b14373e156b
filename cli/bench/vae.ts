/** Encoding and decoding large pictures with the VAE: in one run, and in strips. */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { figure, type Table } from './table.ts';

const RUN = fileURLToPath(new URL('./vae-run.ts', import.meta.url));
const measuredSchema = z.object({ seconds: z.number(), megabytes: z.number() });

interface Measured extends z.infer<typeof measuredSchema> {
  readonly values: Float32Array;
}

export async function vaeTable(): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'vae-'));
  try {
    const rows: string[][] = [];
    for (const what of ['encode', 'decode'] as const) {
      // Smaller pictures are not cut into strips: their buffers are within the limit.
      for (const side of [768, 1024]) {
        const [whole, strips] = [
          await measure(what, side, 'whole', folder),
          await measure(what, side, 'strips', folder),
        ];
        const difference = strips.values.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - whole.values[i])),
          0,
        );
        rows.push([
          `${what}, ${side} x ${side}`,
          ...[whole, strips].flatMap(({ seconds, megabytes }) => [
            `${figure(seconds)} s`,
            `${Math.round(megabytes)} MB`,
          ]),
          difference.toExponential(1),
        ]);
      }
    }
    return {
      title: 'Large pictures with the VAE under Node',
      method:
        "Noise through the built-in model's VAE, in one run and in strips whose buffers are at most 64 MiB (the default). Memory is the peak above that of the opened model. The two results " +
        'differ because norms of one run sum up the whole picture in float32.',
      columns: ['picture', 'one run', 'memory', 'strips', 'memory', 'largest difference'],
      rows,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(
  what: 'encode' | 'decode',
  side: number,
  mode: 'whole' | 'strips',
  folder: string,
): Promise<Measured> {
  const file = join(folder, `${what}-${side}-${mode}`);
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', RUN, what, String(side), mode, file],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`${RUN} ended with ${status}`);
  const bytes = await readFile(file);
  return {
    ...measuredSchema.parse(JSON.parse(stdout)),
    values: new Float32Array(new Uint8Array(bytes).buffer),
  };
}
