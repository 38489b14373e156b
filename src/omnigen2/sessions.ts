/** The graph sessions of one component: opened when first needed, one at a time, closed together. */

import type { BuiltGraph } from '../onnx/graph.ts';
import type { GraphSession, Runtime, WeightBytes } from '../runtime/types.ts';
import { disposeAll } from './dispose.ts';

export class Sessions {
  readonly #runtime: Runtime;
  readonly #bytes: WeightBytes;
  readonly #open = new Map<string, Promise<GraphSession>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(runtime: Runtime, bytes: WeightBytes) {
    this.#runtime = runtime;
    this.#bytes = bytes;
  }

  /**
   * The session known as `key`, opened from `build()` if there is none yet.
   * @throws OmniError `device` if the graph does not fit; a later call tries again
   */
  get(key: string, build: () => BuiltGraph): Promise<GraphSession> {
    const known = this.#open.get(key);
    if (known) return known;
    const session = this.#last.then(() => this.#runtime.open(build(), this.#bytes));
    this.#last = session.catch(() => undefined);
    this.#open.set(key, session);
    session.catch(() => this.#open.delete(key));
    return session;
  }

  /** Closes every session, even if one of them fails to close; then throws as that one. */
  async dispose(): Promise<void> {
    const sessions = [...this.#open.values()];
    this.#open.clear();
    await disposeAll(sessions);
  }
}
