/**
 * Installs that end before any change of the storage: a write, a flush, a move or a deletion. The server is
 * not asked for a finished byte again. `e2e/model-store.spec.ts` kills real workers.
 */

import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { FaultServer } from './fault-server.node.ts';
import { diskFiles } from './files.node.ts';
import {
  bundleOf,
  convertedFiles,
  finishedBytes,
  fixtureFiles,
  Killed,
  KillSwitch,
  killable,
  temporaryFolder,
} from './fixtures.node.ts';
import { createModelStore } from './model-store.ts';
import type { InstallSource } from './models.ts';

const never = new AbortController().signal;
const SETTINGS = { transport: { firstWaitMs: 5 }, flushBytes: 200_000 };

const source = await fixtureFiles();
const bundle = bundleOf(await convertedFiles(source));
const bundleServer = await FaultServer.start(bundle);
const hubServer = await FaultServer.start(source);
afterAll(async () => {
  await bundleServer.close();
  await hubServer.close();
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

test.each<[string, FaultServer, InstallSource, number]>([
  ['a bundle', bundleServer, { kind: 'address', url: bundleServer.folder }, 13],
  ['a hub', hubServer, { kind: 'hub', repository: 'owner/model', host: hubServer.origin }, 29],
])('%s, killed again and again', async (_, server, from, step) => {
  server.reset();
  let kills = 0;
  let finished = new Map<string, number>();
  for (let changes = 1; ; changes += step) {
    const killSwitch = new KillSwitch();
    killSwitch.killAt(changes);
    const store = createModelStore(killable(diskFiles(folder.path), killSwitch), SETTINGS);
    const before = server.sent.length;
    const outcome = await store
      .install(from, { signal: never, weights: 'q8' })
      .catch((error: unknown) => error);
    const refetched = server.sent.slice(before).filter(({ path, start }) => {
      return start < (finished.get(path) ?? finished.get(`source/${path}`) ?? 0);
    });
    expect(refetched).toEqual([]);
    if (!(outcome instanceof Killed)) {
      expect(outcome).toMatchObject({ state: 'complete' });
      break;
    }
    kills++;
    const [model] = await createModelStore(diskFiles(folder.path)).list();
    finished = model ? await finishedBytes(folder.path, model.id) : new Map();
  }
  expect(kills).toBeGreaterThan(5);
  const opened = createModelStore(diskFiles(folder.path));
  const [{ id }] = await opened.list();
  expect(await opened.verify(id, { signal: never })).toMatchObject({ damaged: [] });
});
