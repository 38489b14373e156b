/** The sessions of one component: opened on first use, one at a time, and disposed together. */

import type { GraphDefinition, InputSpecs, OutputSpecs } from '../onnx/define-graph.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import { TypedSession } from '../runtime/typed-session.ts';
import type { GraphSession, Runtime, WeightBytes } from '../runtime/types.ts';
import { disposeAll } from './dispose.ts';

interface OpenSession {
  /** The variant of its graph. */
  readonly variant: number;
  readonly session: Promise<GraphSession>;
}

/** When the sessions of a component are open. */
export interface PartResidency {
  /** Number of ranges of layers that stay open. The others are closed after each use. Default: all. */
  readonly openRanges?: () => number;
  /**
   * Is called before a session opens, to make room for it.
   * @param first whether it is the first session since all were disposed
   */
  readonly beforeOpen?: (first: boolean) => Promise<void>;
}

export class Sessions {
  readonly #runtime: Runtime;
  readonly #bytes: WeightBytes;
  readonly #residency: PartResidency;
  readonly #open = new Map<string, OpenSession>();
  /** Whether a session was opened since all were disposed. */
  #begun = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(runtime: Runtime, bytes: WeightBytes, residency: PartResidency = {}) {
    this.#runtime = runtime;
    this.#bytes = bytes;
    this.#residency = residency;
  }

  /**
   * The session of a graph, opened if it is not open. Graphs of one component have different names.
   * @param variant of a graph that has several, each with its own copy of the weights. Another variant is
   *   closed first.
   * @throws OmniError `memory` if the graph does not fit, `device` if the engine refuses it; a later call
   *   tries again
   */
  async open<Parts, In extends InputSpecs, Out extends OutputSpecs>(
    definition: GraphDefinition<Parts, In, Out>,
    parts: Parts,
    variant = 1,
  ): Promise<TypedSession<In, Out>> {
    const build = () => definition.build(parts);
    const session = await this.#session(definition.name(parts), build, variant);
    return new TypedSession<In, Out>(session, definition.outputs);
  }

  /** Closes the session of a range of layers after its use, unless the range stays open. */
  async closeStreamed(range: number, session: { readonly name: string }): Promise<void> {
    if (range >= this.openRanges) await this.close(session);
  }

  /** Number of ranges of layers that stay open. */
  get openRanges(): number {
    return this.#residency.openRanges?.() ?? Number.POSITIVE_INFINITY;
  }

  /** Disposes one session. A later `open` of its graph opens it again. */
  async close({ name }: { readonly name: string }): Promise<void> {
    const known = this.#open.get(name);
    if (!known) return;
    this.#open.delete(name);
    await this.#inTurn(() => disposeAll([known.session]));
  }

  /**
   * Disposes every session. A later `open` opens them again.
   * @throws the first error, after all have been disposed
   */
  async dispose(): Promise<void> {
    const sessions = [...this.#open.values()].map(({ session }) => session);
    this.#open.clear();
    this.#begun = false;
    await this.#inTurn(() => disposeAll(sessions));
  }

  #session(key: string, build: () => BuiltGraph, variant: number): Promise<GraphSession> {
    const known = this.#open.get(key);
    if (known?.variant === variant) return known.session;
    const first = !this.#begun;
    this.#begun = true;
    const session = this.#inTurn(async () => {
      await this.#residency.beforeOpen?.(first);
      if (known) await disposeAll([known.session]);
      return this.#runtime.open(build(), this.#bytes);
    });
    this.#open.set(key, { variant, session });
    session.catch(() => {
      if (this.#open.get(key)?.session === session) this.#open.delete(key);
    });
    return session;
  }

  /** Runs `work` after all earlier work. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
