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

/** Keeps the files that it has read, for sessions that are opened from the same file one after another. */
export class RememberedFiles implements WeightBytes {
  readonly #bytes: WeightBytes;
  readonly #files = new Map<string, Promise<Uint8Array | Blob>>();

  constructor(bytes: WeightBytes) {
    this.#bytes = bytes;
  }

  file(path: string): Promise<Uint8Array | Blob> {
    const known = this.#files.get(path);
    if (known) return known;
    const file = this.#bytes.file(path);
    this.#files.set(path, file);
    file.catch(() => this.#files.delete(path));
    return file;
  }

  derived(graph: BuiltGraph): Promise<Uint8Array> {
    return this.#bytes.derived(graph);
  }

  /** Lets go of the files; a later call reads them anew. */
  forget(): void {
    this.#files.clear();
  }
}
