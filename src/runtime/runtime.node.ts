/** Runs graphs with onnxruntime-node on the processor: command line and tests. */

import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import type { BuiltGraph } from '../onnx/graph.ts';
import { openOrtSession } from './ort-session.ts';
import type { GraphSession, Runtime, WeightBytes } from './types.ts';

/** @param threads how many threads a graph may use; all processors by default. */
export function nodeRuntime({ threads = availableParallelism() }: { threads?: number } = {}): Runtime {
  return new NodeRuntime(threads);
}

class NodeRuntime implements Runtime {
  readonly backend = 'node';
  readonly halfPrecision = false;
  readonly quantized = 'widened';
  readonly #threads: number;

  constructor(threads: number) {
    this.#threads = threads;
  }

  open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    return openOrtSession(ort, graph, weights, {
      executionProviders: ['cpu'],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      // Waiting threads sleep: beside other work on the same processors, spinning ones cost up to three times as much.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      // An arena of its own would keep each session's largest memory for ever, without making it faster.
      enableCpuMemArena: false,
      logSeverityLevel: 3,
    });
  }

  async dispose(): Promise<void> {}
}
