/** Which steps were done, so that a run can be continued. */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../models.ts';

const doneSchema = z.strictObject({
  /** Digest of the sources and inputs that the step depends on. */
  key: z.string(),
  /** The commit that was checked out. */
  commit: z.string(),
  seconds: z.number(),
  /** What the step measured. */
  figures: z.record(z.string(), z.number()),
});
export type DoneStep = z.infer<typeof doneSchema>;

const stateSchema = z.record(z.string(), doneSchema);

/** The file `steps.json` of the folder of a run. */
export class RunState {
  readonly #file: string;
  readonly #done: Record<string, DoneStep>;

  private constructor(file: string, done: Record<string, DoneStep>) {
    this.#file = file;
    this.#done = done;
  }

  static async read(dir: string): Promise<RunState> {
    const file = join(dir, 'steps.json');
    const text = await readFile(file, 'utf8').catch(() => '{}');
    return new RunState(file, stateSchema.parse(JSON.parse(text)));
  }

  get(step: string): DoneStep | undefined {
    return this.#done[step];
  }

  async set(step: string, done: DoneStep): Promise<void> {
    this.#done[step] = done;
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFile(`${this.#file}.part`, JSON.stringify(this.#done, undefined, 1));
    await rename(`${this.#file}.part`, this.#file);
  }
}

/** SHA-256 of the TypeScript files in folders and files of this repository, without tests. */
export async function digestOfSources(paths: readonly string[], ...more: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(more.join('\n'));
  for (const path of paths) {
    for (const file of await sourcesIn(path)) {
      hash.update(`${file}\n`).update(await readFile(join(ROOT, file)));
    }
  }
  return hash.digest('hex');
}

async function sourcesIn(path: string): Promise<string[]> {
  if (/\.tsx?$/.test(path)) return [path];
  const entries = await readdir(join(ROOT, path), { recursive: true });
  return entries
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => join(path, name))
    .sort();
}
