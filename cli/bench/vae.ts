/** Large pictures through the autoencoder: in one run, and in strips. */

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
  const folder = await mkdtemp(join(tmpdir(), 'autoencoder-'));
  try {
    const rows: string[][] = [];
    for (const what of ['encode', 'decode'] as const) {
      // Smaller pictures are not cut: their buffers stay within the bound.
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
      title: 'Large pictures through the autoencoder under Node',
      method:
        'Noise through the autoencoder of the built-in model, in one run and, as by default, in strips of which no buffer is larger than 64 MiB; peak memory above the open model. The two ' +
        'differ by what the norms of one run lose, which sum up a whole picture in float32.',
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
  way: 'whole' | 'strips',
  folder: string,
): Promise<Measured> {
  const file = join(folder, `${what}-${side}-${way}`);
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', RUN, what, String(side), way, file],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`${RUN} ended with ${status}`);
  const bytes = await readFile(file);
  return {
    ...measuredSchema.parse(JSON.parse(stdout)),
    values: new Float32Array(new Uint8Array(bytes).buffer),
  };
}
