/** The graphs of the diffusion transformer as sessions, each opened when it is first needed. */

import type { TransformerConfig } from '../../config/config.ts';
import type { BuiltGraph } from '../../onnx/graph.ts';
import type { GraphSession, Runtime, WeightBytes } from '../../runtime/types.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import type { Numerics } from '../graphs/layers.ts';
import { pairGraph, taylorFactorsGraph, taylorSumGraph } from '../graphs/stream-arithmetic.ts';
import { watchGraph } from '../graphs/teacache-watch.ts';
import { contextGraph } from '../graphs/transformer-context.ts';
import { embedGraph, prefixGraph, referenceGraph } from '../graphs/transformer-embed.ts';
import { headGraph } from '../graphs/transformer-head.ts';
import { type LayerRange, layersGraph } from '../graphs/transformer-layers.ts';
import { packedLayersGraph } from '../graphs/transformer-packed.ts';
import type { TransformerParts } from '../graphs/transformer-parts.ts';
import { predictGraph } from '../graphs/transformer-predict.ts';
import { Sessions } from '../sessions.ts';
import { attentionParts, attentionWork } from './attention-parts.ts';
import { layerRanges } from './layer-ranges.ts';

/** What a transformer is opened from. */
export interface TransformerSource {
  readonly component: { readonly config: TransformerConfig; readonly weights: WeightIndex };
  readonly bytes: WeightBytes;
}

/**
 * A small model has graphs with all its layers for each number of branches, and each holds a copy of their weights. No
 * drawing runs more than three of them: steps have one branch, the guided ones two or three, and an acceleration computes any
 * number of those.
 */
const MOST_COPIES = 3;

/** `rows` is always the length of the longest sequence that a graph runs on. */
export class TransformerSessions {
  /** How the main layers are shared out where they run in ranges. */
  readonly ranges: readonly LayerRange[];
  readonly #parts: TransformerParts;
  readonly #sessions: Sessions;
  readonly #attentionWork: number;
  /** The open sessions with all main layers, the one that was asked for last at the end. */
  #copies: readonly string[] = [];

  constructor(
    runtime: Runtime,
    { component, bytes }: TransformerSource,
    numerics: Numerics,
    options: { sessionBytes: number | undefined; attentionWork: number | undefined; taps: boolean },
  ) {
    this.ranges = layerRanges(component, numerics, options.sessionBytes);
    this.#parts = { ...component, numerics, taps: options.taps };
    this.#sessions = new Sessions(runtime, bytes);
    this.#attentionWork = options.attentionWork ?? attentionWork(runtime.backend);
  }

  context(): Promise<GraphSession> {
    return this.#sessions.get('context', () => contextGraph(this.#parts));
  }

  reference(rows: number): Promise<GraphSession> {
    return this.#attending('reference', rows, referenceGraph);
  }

  /** For so many references. */
  prefix(count: number): Promise<GraphSession> {
    return this.#sessions.get(`prefix ${count}`, () => prefixGraph(this.#parts, count));
  }

  /** A whole step of so many branches. */
  whole(branches: number, rows: number): Promise<GraphSession> {
    return this.#holdingLayers(`whole ${branches}`, rows, (parts) => predictGraph(parts, branches));
  }

  embed(rows: number): Promise<GraphSession> {
    return this.#attending('embed', rows, embedGraph);
  }

  /** All layers of so many branches at once. */
  packed(branches: number, rows: number): Promise<GraphSession> {
    return this.#holdingLayers(`packed ${branches}`, rows, (parts) => packedLayersGraph(parts, branches));
  }

  /** Some layers of one branch. */
  range(range: LayerRange, rows: number): Promise<GraphSession> {
    return this.#attending(`range ${range.from}`, rows, (parts) => layersGraph(parts, range));
  }

  head(): Promise<GraphSession> {
    return this.#sessions.get('head', () => headGraph(this.#parts));
  }

  watch(compares: boolean): Promise<GraphSession> {
    return this.#sessions.get(`watch ${compares}`, () => watchGraph(this.#parts, { compares }));
  }

  pair(what: 'sum' | 'difference'): Promise<GraphSession> {
    return this.#sessions.get(what, () => pairGraph(this.#parts.config.hiddenSize, what));
  }

  taylorFactors(orders: number): Promise<GraphSession> {
    return this.#sessions.get(`taylor factors ${orders}`, () =>
      taylorFactorsGraph(this.#parts.config.hiddenSize, orders),
    );
  }

  taylorSum(count: number): Promise<GraphSession> {
    return this.#sessions.get(`taylor sum ${count}`, () =>
      taylorSumGraph(this.#parts.config.hiddenSize, count),
    );
  }

  async dispose(): Promise<void> {
    await this.#sessions.dispose();
  }

  /** A graph with all main layers. Of these, few are open at a time: the one that was not asked for longest is closed. */
  async #holdingLayers(
    key: string,
    rows: number,
    build: (parts: TransformerParts) => BuiltGraph,
  ): Promise<GraphSession> {
    const used = [...this.#copies.filter((other) => other !== key), key];
    this.#copies = used.slice(-MOST_COPIES);
    for (const other of used.slice(0, -MOST_COPIES)) await this.#sessions.close(other);
    return this.#attending(key, rows, build);
  }

  /** A graph in which `rows` rows look at each other. */
  #attending(
    key: string,
    rows: number,
    build: (parts: TransformerParts) => BuiltGraph,
  ): Promise<GraphSession> {
    const count = attentionParts(this.#attentionWork, this.#parts.config.headDim, rows);
    return this.#sessions.get(key, () => build({ ...this.#parts, attentionParts: count }), count);
  }
}
