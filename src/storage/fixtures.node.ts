/** Models for the tests of the store, and a storage that can be killed. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { executeConversion } from '../checkpoints/conversion/execute.ts';
import { memoryWriter } from '../checkpoints/conversion/memory-writer.ts';
import { planConversion } from '../checkpoints/conversion/plan.ts';
import { fixtureFiles } from '../checkpoints/fixture.node.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { sha256 } from './fault-server.node.ts';
import { diskFiles } from './files.node.ts';
import type { FileStore, OpenFile } from './files.ts';
import { ModelFolder } from './model-folder.ts';

const never = new AbortController().signal;

/** The tiny checkpoint in its original format: 8.5 MB of float32. */
export { fixtureFiles };

/** The files that a conversion to q8 writes. */
export async function convertedFiles(source: Map<string, Uint8Array>): Promise<Map<string, Uint8Array>> {
  const plan = await planConversion(await openCheckpoint(memoryFolder('tiny', source)), { weights: 'q8' });
  const files = new Map<string, Uint8Array>();
  await executeConversion(never, plan, memoryWriter(files), () => undefined);
  return files;
}

/** The files of a bundle: a checkpoint with its manifest. */
export function bundleOf(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const plain = new Map([...files].filter(([path]) => path !== 'manifest.json'));
  const entries = [...plain].map(([path, bytes]) => ({
    path,
    sizeBytes: bytes.length,
    sha256: sha256(bytes),
  }));
  const manifest = new TextEncoder().encode(JSON.stringify({ format: 1, files: entries }));
  return plain.set('manifest.json', manifest);
}

/** How many bytes of each file of an install are finished, by its journal. */
export async function finishedBytes(folder: string, id: string): Promise<Map<string, number>> {
  const journal = await new ModelFolder(diskFiles(folder), id).readJournal();
  return new Map([...journal.values()].map(({ file, bytes }) => [file, bytes]));
}

/** A new folder on disk, and its deletion. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'omnigen2-store-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Thrown by everything in a storage after {@link KillSwitch.kill}. */
export class Killed extends Error {}

/** Ends a storage, as if the process had been killed: nothing is written, moved or deleted from then on. */
export class KillSwitch {
  #left = Number.POSITIVE_INFINITY;
  #listeners: (() => void)[] = [];

  /** Kills before the change number `changes` from now on: a write, a flush, a move or a deletion. */
  killAt(changes: number): void {
    this.#left = changes;
  }

  onKill(listener: () => void): void {
    this.#listeners.push(listener);
  }

  check(): void {
    this.#left--;
    if (this.#left > 0) return;
    for (const listener of this.#listeners.splice(0)) listener();
    throw new Killed('the process was killed');
  }
}

/** A storage that a switch can end. */
export function killable(files: FileStore, killSwitch: KillSwitch): FileStore {
  const guard = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      killSwitch.check();
      return work(...args);
    };
  };
  return {
    ...files,
    move: guard(files.move),
    delete: guard(files.delete),
    async open(path) {
      const file: OpenFile = await files.open(path);
      return { ...file, write: guard(file.write), truncate: guard(file.truncate), flush: guard(file.flush) };
    },
  };
}
