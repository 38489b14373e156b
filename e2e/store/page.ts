/** The page side of the tests of the model store: starts workers and kills them. */

import type { Answer, Ending, Storage, Task } from './messages.ts';

let installing: { readonly worker: Worker; readonly end: (ending: Ending) => void } | undefined;

function startWorker(): Worker {
  return new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module' });
}

function answerOf(worker: Worker, task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message || 'the worker failed'));
    worker.postMessage(task);
  });
}

async function ask(task: Task): Promise<Answer> {
  const worker = startWorker();
  try {
    return await answerOf(worker, task);
  } finally {
    worker.terminate();
  }
}

function unexpected(answer: Answer): Error {
  return new Error(`unexpected answer: ${JSON.stringify(answer)}`);
}

globalThis.storePage = {
  install(storage, source) {
    const worker = startWorker();
    return new Promise((resolve, reject) => {
      installing = { worker, end: resolve };
      answerOf(worker, { type: 'install', storage, source }).then((answer) => {
        worker.terminate();
        if (answer.type === 'finished' || answer.type === 'refused') resolve(answer);
        else reject(unexpected(answer));
      }, reject);
    });
  },
  kill() {
    installing?.worker.terminate();
    installing?.end({ type: 'killed' });
  },
  async journals(storage: Storage) {
    const answer = await ask({ type: 'journals', storage });
    if (answer.type !== 'journals') throw unexpected(answer);
    return answer.journals;
  },
  async hashes(storage: Storage) {
    const answer = await ask({ type: 'hashes', storage });
    if (answer.type !== 'hashes') throw unexpected(answer);
    return answer.hashes;
  },
  async exercise(storage: Storage) {
    const answer = await ask({ type: 'exercise', storage });
    if (answer.type !== 'exercised') throw unexpected(answer);
    return answer.seen;
  },
  async delete(storage: Storage) {
    await ask({ type: 'delete', storage });
  },
};
