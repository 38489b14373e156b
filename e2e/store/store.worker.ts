/** A worker that installs models with small limits, so that an install of a few megabytes has many steps. */

import { OmniError } from '../../src/errors.ts';
import type { FileStore } from '../../src/storage/files.ts';
import { indexedDbFiles } from '../../src/storage/files-indexeddb.web.ts';
import { opfsFiles } from '../../src/storage/files-opfs.web.ts';
import { createModelStore } from '../../src/storage/model-store.ts';
import { hashBlob } from '../../src/storage/sha256.ts';
import { exerciseFiles } from './exercise.ts';
import type { Answer, Storage, Task } from './messages.ts';

const NAME = 'kill-test';
const FLUSH_BYTES = 65_536;
const never = new AbortController().signal;

function openFiles(storage: Storage): Promise<FileStore> {
  if (storage === 'opfs-without-move') Reflect.deleteProperty(FileSystemFileHandle.prototype, 'move');
  return storage === 'indexeddb' ? indexedDbFiles(NAME) : opfsFiles(NAME);
}

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  self.postMessage(await answerTo(data));
};

async function answerTo(task: Task): Promise<Answer> {
  const files = await openFiles(task.storage);
  const transport = { attempts: 8, firstWaitMs: 5, stallMs: 5000 };
  const store = createModelStore(files, { flushBytes: FLUSH_BYTES, transport });
  switch (task.type) {
    case 'install':
      try {
        await store.install(task.source, { signal: never, weights: 'q8' });
        return { type: 'finished' };
      } catch (error) {
        if (error instanceof OmniError) return { type: 'refused', message: error.message };
        throw error;
      }
    case 'journals': {
      const text = async (name: string) => {
        const paths = (await files.list('')).map(({ path }) => path).filter((path) => path.endsWith(name));
        const blobs = await Promise.all(paths.map((path) => files.blob(path)));
        return (await Promise.all(blobs.map(async (blob) => blob?.text() ?? ''))).join('');
      };
      const [install, conversion] = [await text('/journal'), await text('/conversion')];
      return { type: 'journals', journals: { install, conversion } };
    }
    case 'hashes': {
      const hashes: Record<string, string> = {};
      for (const { id, state } of await store.list()) {
        if (state !== 'complete') continue;
        const opened = await store.open(id);
        for (const { path } of await opened.list()) {
          const file = await opened.file(path);
          hashes[path] = (file instanceof Blob ? await hashBlob(never, file) : undefined) ?? 'unreadable';
        }
      }
      return { type: 'hashes', hashes };
    }
    case 'delete':
      for (const { id } of await store.list()) await store.delete(id);
      return { type: 'deleted' };
    case 'exercise':
      return { type: 'exercised', seen: await exerciseFiles(files) };
    default:
      return task satisfies never;
  }
}
