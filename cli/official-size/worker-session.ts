/** The model's worker through the browser's debugger: its JavaScript heap and its WebAssembly memory. */

import type { CDPSession, Page } from '@playwright/test';
import { z } from 'zod';

const replySchema = z.object({ id: z.number(), result: z.unknown().optional() });
const heapSchema = z.object({ usedSize: z.number(), backingStorageSize: z.number() });
const sizesSchema = z.object({ result: z.object({ value: z.array(z.number()) }) });

const INTERVAL_MS = 1000;

/** Makes the worker list the memories that it creates. */
const LIST_MEMORIES = `{
  globalThis.memories = [];
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor) {
      super(descriptor);
      globalThis.memories.push(this);
    }
  };
}`;

/**
 * Follows the last worker with the name `model` of a page.
 *
 * @example
 * const worker = await WorkerSession.attach(page);
 * await page.goto('/');
 * console.log(await worker.wasmHeapBytes());
 */
export class WorkerSession {
  readonly #devtools: CDPSession;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #session: string | undefined;
  #next = 1;
  #peakJsBytes = 0;
  #sampling = false;

  private constructor(devtools: CDPSession) {
    this.#devtools = devtools;
    devtools.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type !== 'worker' || targetInfo.title !== 'model') return;
      this.#session = sessionId;
      // The engine makes its memory after it was fetched, long after the worker has started.
      this.#call('Runtime.evaluate', { expression: LIST_MEMORIES }).catch(() => undefined);
    });
    devtools.on('Target.receivedMessageFromTarget', ({ message }) => {
      const reply = replySchema.safeParse(JSON.parse(message));
      if (!reply.success) return;
      this.#waiting.get(reply.data.id)?.(reply.data.result);
      this.#waiting.delete(reply.data.id);
    });
  }

  /** Attaches to the workers that a page starts from now on. */
  static async attach(page: Page): Promise<WorkerSession> {
    const devtools = await page.context().newCDPSession(page);
    const session = new WorkerSession(devtools);
    await devtools.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: false,
      // Playwright's sessions take no messages of other targets.
      flatten: false,
    });
    return session;
  }

  /** Used JavaScript heap with array buffers, without WebAssembly memory. Waits while the worker computes. */
  async jsHeapBytes(): Promise<number> {
    const { usedSize, backingStorageSize } = heapSchema.parse(await this.#call('Runtime.getHeapUsage'));
    return usedSize + backingStorageSize;
  }

  /** All WebAssembly memory of the worker. Waits while the worker computes. */
  async wasmHeapBytes(): Promise<number> {
    const sizes = await this.#call('Runtime.evaluate', {
      expression: 'globalThis.memories.map((memory) => memory.buffer.byteLength)',
      returnByValue: true,
    });
    return sizesSchema.parse(sizes).result.value.reduce((sum, size) => sum + size, 0);
  }

  /** Samples the JavaScript heap until {@link stopSampling}. */
  startSampling(): void {
    this.#sampling = true;
    this.#peakJsBytes = 0;
    void this.#loop();
  }

  /** @returns the largest sample */
  stopSampling(): number {
    this.#sampling = false;
    return this.#peakJsBytes;
  }

  async #loop(): Promise<void> {
    while (this.#sampling) {
      const bytes = await this.jsHeapBytes().catch(() => 0);
      if (this.#sampling) this.#peakJsBytes = Math.max(this.#peakJsBytes, bytes);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    const sessionId = this.#session;
    if (sessionId === undefined) return Promise.reject(new Error('no worker "model" has started'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#devtools
        .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) })
        .catch(reject);
    });
  }
}
