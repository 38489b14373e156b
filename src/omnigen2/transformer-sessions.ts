/** The graphs of the diffusion transformer as sessions, each opened when it is first needed. */

import type { WeightIndex } from '../checkpoints/tensors.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import type { GraphSession, Runtime, WeightBytes } from '../runtime/types.ts';
import { attentionParts } from './attention-parts.ts';
import type { TransformerConfig } from './config.ts';
import type { Numerics } from './graphs/layers.ts';
import { pairGraph, taylorFactorsGraph, taylorSumGraph } from './graphs/stream-arithmetic.ts';
import { watchGraph } from './graphs/teacache-watch.ts';
import { contextGraph } from './graphs/transformer-context.ts';
import { embedGraph, prefixGraph, referenceGraph } from './graphs/transformer-embed.ts';
import { headGraph } from './graphs/transformer-head.ts';
import { type LayerRange, layersGraph } from './graphs/transformer-layers.ts';
import { packedLayersGraph } from './graphs/transformer-packed.ts';
import type { TransformerParts } from './graphs/transformer-parts.ts';
import { predictGraph } from './graphs/transformer-predict.ts';
import { Sessions } from './sessions.ts';
import { layerRanges } from './transformer-ranges.ts';

/** What a transformer is opened from. */
export interface TransformerSource {
  readonly component: { readonly config: TransformerConfig; readonly weights: WeightIndex };
  readonly bytes: WeightBytes;
}

/** Where `rows` is not said, sequences are of usual length; it is that of the longest sequence that is run. */
export class TransformerSessions {
  /** How the main layers are shared out in the split cut. */
  readonly ranges: readonly LayerRange[];
  readonly #parts: TransformerParts;
  readonly #sessions: Sessions;
  readonly #backend: Runtime['backend'];

  constructor(
    runtime: Runtime,
    { component, bytes }: TransformerSource,
    numerics: Numerics,
    { sessionBytes, taps }: { sessionBytes: number | undefined; taps: boolean },
  ) {
    this.ranges = layerRanges(component, numerics, sessionBytes);
    this.#parts = { ...component, numerics, taps };
    this.#sessions = new Sessions(runtime, bytes);
    this.#backend = runtime.backend;
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

  /** For so many branches. */
  predict(branches: number, rows?: number): Promise<GraphSession> {
    return this.#attending(`predict ${branches}`, rows, (parts) => predictGraph(parts, branches));
  }

  embed(rows?: number): Promise<GraphSession> {
    return this.#attending('embed', rows, embedGraph);
  }

  layers(range: LayerRange, rows?: number): Promise<GraphSession> {
    return this.#attending(`layers ${range.from}`, rows, (parts) => layersGraph(parts, range));
  }

  /** All layers of so many branches at once. */
  packedLayers(branches: number, rows?: number): Promise<GraphSession> {
    return this.#attending(`layers of ${branches}`, rows, (parts) => packedLayersGraph(parts, branches));
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

  /** A graph in which `rows` rows look at each other. */
  #attending(
    key: string,
    rows: number | undefined,
    build: (parts: TransformerParts) => BuiltGraph,
  ): Promise<GraphSession> {
    const count = rows === undefined ? 1 : attentionParts(this.#backend, this.#parts.config.headDim, rows);
    if (count === 1) return this.#sessions.get(key, () => build(this.#parts));
    const numerics = { ...this.#parts.numerics, attentionParts: count };
    return this.#sessions.get(`${key} in ${count}`, () => build({ ...this.#parts, numerics }));
  }
}
