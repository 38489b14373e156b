/** The models worker's service on a real store on disk, with a real server. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FromModels, RequestId, ToModels } from '../models-protocol.ts';
import { FaultServer } from '../storage/fault-server.node.ts';
import { diskFiles } from '../storage/files.node.ts';
import { fixtureFiles, temporaryFolder } from '../storage/fixtures.node.ts';
import { createModelStore } from '../storage/model-store.ts';
import { ModelsService } from './models-service.ts';

let server: FaultServer;
let storage: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  server = await FaultServer.start(await fixtureFiles());
  storage = await temporaryFolder();
});
afterAll(async () => {
  await server.close();
  await storage.remove();
});

/** A service, and a way to wait for what it posts. */
function page() {
  const posted: FromModels[] = [];
  let wake: () => void = () => undefined;
  const service = new ModelsService({
    post: (message) => {
      posted.push(message);
      wake();
    },
    openStore: async () => createModelStore(diskFiles(storage.path)),
  });
  const until = async <Found>(find: () => Found | undefined): Promise<Found> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const send = (message: ToModels) => service.handle(message);
  const last = (wanted: RequestId) =>
    until(() =>
      posted.find((each) => 'request' in each && each.request === wanted && each.type !== 'progress'),
    );
  const models = () => posted.findLast((each) => each.type === 'models')?.models ?? [];
  return { service, posted, send, last, until, models };
}

const name = (text: string) => text as RequestId;

async function pickedFiles() {
  const files = [...(await fixtureFiles())].map(([path, bytes]) => ({
    path,
    file: new Blob([new Uint8Array(bytes)]),
  }));
  return files;
}

test('a picked folder is described, or refused in a sentence', async () => {
  const { send, last } = page();
  const files = await pickedFiles();
  send({ type: 'check', request: name('good'), folder: { kind: 'files', name: 'tiny', files } });
  expect(await last(name('good'))).toMatchObject({
    type: 'checked',
    summary: { weights: 'float32', trainedSide: expect.any(Number) },
  });
  const inside = files.map(({ path, file }) => ({ path: `tiny/${path}`, file }));
  send({ type: 'check', request: name('bad'), folder: { kind: 'files', name: 'above', files: inside } });
  expect(await last(name('bad'))).toMatchObject({
    type: 'failed',
    error: { code: 'bad_checkpoint', action: 'Choose the folder tiny inside it.' },
  });
});

test('an install is paused and resumed, a model verified and deleted', async () => {
  const { posted, send, last, until, models } = page();
  // The weights that are converted last arrive slowly, so the install is paused between two files.
  server.fault = ({ path }) =>
    path === 'mllm/model.safetensors' ? { kind: 'slow', pieceBytes: 16_384, pauseMs: 20 } : undefined;
  send({ type: 'install', request: name('first'), address: server.folder });
  await until(() => posted.find((each) => each.type === 'progress' && each.progress.doneBytes > 0));
  send({ type: 'pause', request: name('first') });
  expect(await last(name('first'))).toEqual({ type: 'paused', request: 'first' });
  const [partial] = models();
  expect(partial).toMatchObject({ state: 'partial', source: { kind: 'address' } });

  server.fault = () => undefined;
  send({ type: 'resume', request: name('second'), id: partial.id });
  expect(await last(name('second'))).toMatchObject({
    type: 'done',
    outcome: { type: 'installed', model: { id: partial.id, state: 'complete' } },
  });
  send({ type: 'verify', request: name('third'), id: partial.id });
  expect(await last(name('third'))).toMatchObject({
    type: 'done',
    outcome: { type: 'verified', repaired: [] },
  });
  send({ type: 'delete', request: name('fourth'), id: partial.id });
  expect(await last(name('fourth'))).toMatchObject({ type: 'done', outcome: { type: 'deleted' } });
  expect(models()).toEqual([]);
});

test('an address that cannot be one, and a message that is not understood, are answered', async () => {
  const { service, send, last } = page();
  send({ type: 'install', request: name('typed'), address: 'not an address' });
  expect(await last(name('typed'))).toMatchObject({ type: 'failed', error: { code: 'bad_request' } });
  service.handle({ type: 'resume', request: 'wrong', id: 7 });
  expect(await last(name('wrong'))).toMatchObject({
    type: 'failed',
    error: { message: expect.stringContaining('id must be') },
  });
});
