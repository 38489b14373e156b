import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import { fixtureFiles, GOLDENS, refusal } from '../fixture.node.ts';
import { memoryFolder } from '../folder.ts';
import { inlineEncoder } from './band-encoder.ts';
import { workerEncoder } from './encoder.node.ts';
import { type Conversion, executeConversion, startConversion } from './execute.ts';
import { memoryWriter } from './memory-writer.ts';
import { type ConversionOptions, planConversion } from './plan.ts';
import { readsOf } from './steps.ts';
import { resumeFolder } from './writer.node.ts';
import type { FolderWriter } from './writer.ts';

const SOURCE = join(GOLDENS, 'model');
const MAX_FILE_BYTES = 250_000;
const KILLS = 20;
const never = new AbortController().signal;
const tiny = await openCheckpoint(memoryFolder('tiny', await fixtureFiles()));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
});
afterEach(() => rm(folder, { recursive: true }));

const planOf = (options: Partial<ConversionOptions> = {}, checkpoint: Checkpoint = tiny) =>
  planConversion(checkpoint, { weights: 'q4', maxFileBytes: MAX_FILE_BYTES, ...options });

/** The files of an undisturbed conversion. */
async function undisturbed(options: Partial<ConversionOptions> = {}): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await executeConversion(never, await planOf(options), memoryWriter(files), () => undefined);
  return files;
}

async function filesOf(path: string): Promise<Map<string, Uint8Array>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      paths.map(
        async (file): Promise<[string, Uint8Array]> => [file.slice(path.length + 1), await readFile(file)],
      ),
    ),
  );
}

function expectSame(got: ReadonlyMap<string, Uint8Array>, want: ReadonlyMap<string, Uint8Array>) {
  expect([...got.keys()].sort()).toEqual([...want.keys()].sort());
  for (const [path, bytes] of want) {
    expect(Buffer.compare(got.get(path) ?? new Uint8Array(), bytes), path).toBe(0);
  }
}

/** Starts a conversion into `folder/target`, stops it after `steps` steps, and returns what it was. */
async function stoppedAfter(steps: number, options: Partial<ConversionOptions> = {}): Promise<Conversion> {
  const plan = await planOf(options);
  const controller = new AbortController();
  let started: Conversion | undefined;
  let seen = 0;
  await resumeFolder(join(folder, 'target'), async (writer) => {
    started = await startConversion(plan, writer);
    return started.run(
      controller.signal,
      () => {
        if (++seen > steps) controller.abort();
      },
      { flushBytes: 50_000 },
    );
  }).catch((error: Error) => expect(error.name).toBe('AbortError'));
  if (!started) throw new Error('it was not started');
  return started;
}

describe('a conversion that is killed', () => {
  it('goes on after 20 kills in the middle of writes, and ends with the same bytes', async () => {
    const child = join(folder, 'convert.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('./kill-fixture.node.ts', import.meta.url))],
      outfile: child,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
      logLevel: 'error',
    });
    const target = join(folder, 'target');
    let readBytes = 0;
    const attempt = (killAt: number) =>
      new Promise<string | number | null>((resolve, reject) => {
        const run = spawn(process.execPath, [child, SOURCE, target, String(killAt), String(MAX_FILE_BYTES)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        run.stdout.on('data', (text) => {
          output += String(text);
        });
        run.on('error', reject);
        run.on('close', (code, signal) => {
          readBytes += output.split('\n').reduce((sum, size) => sum + Number(size), 0);
          resolve(signal ?? code);
        });
      });
    // An undisturbed run has about 620 operations, so kills are 5 to 44 operations apart.
    let state = 2506;
    for (let kill = 0; kill < KILLS; kill++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      expect(await attempt(5 + ((state >>> 16) % 40)), `kill ${kill}`).toBe('SIGKILL');
    }
    expect(await attempt(0)).toBe(0);
    expectSame(await filesOf(target), await undisturbed());
    // Each kill loses what was read after the last entry of the journal. Opening reads the headers.
    const headers = 150_000 * (KILLS + 1);
    expect(readBytes).toBeLessThan((await planOf()).beforeBytes + KILLS * 300_000 + headers);
  }, 120_000);
});

describe('a conversion that is stopped', () => {
  it('goes on with the next band, and reads nothing twice', async () => {
    await stoppedAfter(200);
    const plan = await planOf();
    const second = await stoppedAfter(1000);
    expect(second.startedOver).toBe(false);
    expect(second.doneBytes).toBeGreaterThan(0);
    const left = second.reads.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(left).toBe(plan.beforeBytes - second.doneBytes);
    expect(second.reads).toEqual(readsOf(plan).slice(-second.reads.length));
    expectSame(await filesOf(join(folder, 'target')), await undisturbed());
  });

  it.each<[string, Partial<ConversionOptions>]>([
    ['another format', { weights: 'q8' }],
    ['another version of the source', { sourceVersion: 'modified' }],
    ['another size of files', { maxFileBytes: 300_000 }],
  ])('starts over with %s, and ends with the right bytes', async (_, options) => {
    await stoppedAfter(200);
    const second = await stoppedAfter(1000, options);
    expect(second.startedOver).toBe(true);
    expect(second.doneBytes).toBe(0);
    expectSame(await filesOf(join(folder, 'target')), await undisturbed(options));
  });

  it('converts a file again if it is missing or too short', async () => {
    await stoppedAfter(300);
    const partial = join(folder, '.target.partial');
    const done = (await filesOf(partial)).keys();
    const [first, second] = [...done].filter((path) => path.endsWith('.safetensors')).sort();
    await rm(join(partial, first));
    await truncate(join(partial, second), 100);
    await stoppedAfter(1000);
    expectSame(await filesOf(join(folder, 'target')), await undisturbed());
  });

  it('starts over if the journal is not readable', async () => {
    await stoppedAfter(200);
    await writeFile(join(folder, '.target.partial/.journal'), '{"conversion"');
    expect((await stoppedAfter(1000)).doneBytes).toBe(0);
    expectSame(await filesOf(join(folder, 'target')), await undisturbed());
  });

  it('is not continued while another process writes the target', async () => {
    await mkdir(join(folder, '.target.partial'));
    await writeFile(join(folder, '.target.partial/.lock'), String(process.ppid));
    const error = await refusal(() => resumeFolder(join(folder, 'target'), async () => undefined));
    expect(error.message).toMatch(/^Process \d+ is writing .*target already\.$/);
    expect(error.code).toBe('bad_request');
  });

  it('is continued if the process that wrote the target has ended', async () => {
    await mkdir(join(folder, '.target.partial'));
    const ended = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => ended.on('close', resolve));
    await writeFile(join(folder, '.target.partial/.lock'), String(ended.pid));
    await resumeFolder(join(folder, 'target'), async (writer) => (await writer.open('a', 1)).close());
    expect(await readdir(join(folder, 'target'))).toEqual(['a']);
  });
});

describe('repairing', () => {
  it('converts the given files again, and reads nothing else', async () => {
    const files = new Map<string, Uint8Array>();
    let text = '';
    const writer: FolderWriter = {
      ...memoryWriter(files),
      journal: {
        read: async () => text,
        write: async (all) => {
          text = all;
        },
        append: async (more) => {
          text += more;
        },
      },
    };
    const plan = await planOf();
    await executeConversion(never, plan, writer, () => undefined);
    const want = new Map([...files].map(([path, bytes]) => [path, bytes.slice()]));
    const { path } = plan.components.transformer[3];
    files.get(path)?.fill(7, 5000, 6000);
    const repair = await startConversion(plan, writer, [path]);
    expect(repair.reads.length).toBeGreaterThan(0);
    expect(repair.reads.length).toBeLessThan(readsOf(plan).length / 4);
    await repair.run(never, () => undefined);
    expectSame(files, want);
  });
});

describe('encoding in workers', () => {
  it('gives the same bytes as encoding on this thread', async () => {
    const encoder = workerEncoder(2);
    const files = new Map<string, Uint8Array>();
    await executeConversion(never, await planOf(), memoryWriter(files), () => undefined, { encoder });
    await encoder.close();
    expectSame(files, await undisturbed());
  });

  it('fails if a worker ends', async () => {
    const encoder = workerEncoder(1);
    const job = {
      parts: [new Uint8Array(256)],
      form: { dtype: 'F32' },
      rows: 1,
      columns: 64,
      to: 'q4',
    } as const;
    expect((await encoder.encode(job)).parts[0]).toEqual((await inlineEncoder().encode(job)).parts[0]);
    const late = expect(encoder.encode(job)).rejects.toThrow('the encoder was closed');
    await encoder.close();
    await late;
    await expect(encoder.encode(job)).rejects.toThrow('the encoder was closed');
  });
});
