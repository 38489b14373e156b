/** Runs graphs with onnxruntime-node on the processor: command line and tests. */

import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { OmniError } from '../errors.ts';
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

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    try {
      return await openOrtSession(ort, graph, weights, {
        executionProviders: ['cpu'],
        intraOpNumThreads: this.#threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      });
    } catch (cause) {
      if (cause instanceof OmniError) throw cause;
      throw new OmniError({
        code: 'device',
        message: `The graph "${graph.name}" could not be opened on this processor.`,
        action: 'Check that enough memory is free, then try again.',
        cause,
      });
    }
  }

  async dispose(): Promise<void> {}
}
