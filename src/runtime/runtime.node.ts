/** Runs graphs with onnxruntime-node on the processor, for the command line and tests. */

import { availableParallelism, freemem, totalmem } from 'node:os';
import type { BuiltGraph } from '../onnx/graph.ts';
import { openNodeSession } from './session.node.ts';
import type { GraphSession, Runtime, WeightBytes } from './types.ts';

/**
 * The runtime of Node. It computes in float32 on the processor.
 * @param threads number of threads of a graph. Default: all processors.
 *
 * @example
 * const runtime = nodeRuntime({ threads: 4 });
 * const checkpoint = await openCheckpoint(nodeFolder('public/model'));
 * const model = new OmniGen2Model(checkpoint, runtime, loadTokenizer);
 */
export function nodeRuntime({ threads = availableParallelism() }: { threads?: number } = {}): Runtime {
  return new NodeRuntime(threads);
}

/** Shares of the machine's memory that models may take: of all of it, and of what is free now. */
const [OF_ALL, OF_FREE] = [0.5, 0.8];

class NodeRuntime implements Runtime {
  readonly backend = 'node';
  readonly halfPrecision = false;
  readonly budgetBytes = Math.min(OF_ALL * totalmem(), OF_FREE * freemem());
  readonly #threads: number;

  constructor(threads: number) {
    this.#threads = threads;
  }

  open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    return openNodeSession(graph, weights, {
      executionProviders: ['cpu'],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      // Waiting threads sleep. Spinning ones took up to three times as long beside other work.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      // An arena would hold the peak memory of each session until it closes, and made no graph faster.
      enableCpuMemArena: false,
      logSeverityLevel: 3,
    });
  }

  async dispose(): Promise<void> {}
}
