/** Opens a graph with onnxruntime-node, on the processor or the GPU. */

import type { InferenceSession } from 'onnxruntime-common';
import * as ort from 'onnxruntime-node';
import type { BuiltGraph } from '../onnx/graph.ts';
import { createOrtSession, openOrtSession } from './ort-session.ts';
import type { GraphSession, WeightBytes } from './types.ts';

/**
 * Opens a graph. The engine reads the files itself if they are on disk: no weight passes through an array of
 * JavaScript.
 * @throws OmniError `memory` if the graph does not fit, `device` if the engine refuses it, and errors of
 *   `weights`
 */
export function openNodeSession(
  graph: BuiltGraph,
  weights: WeightBytes,
  options: InferenceSession.SessionOptions & { readonly extra?: { readonly session?: object } },
): Promise<GraphSession> {
  const { directory } = weights;
  if (directory === undefined || graph.derived.length > 0) {
    return openOrtSession(ort, graph, inMemory(weights), options);
  }
  const session = { ...options.extra?.session, model_external_initializers_file_folder_path: directory };
  return createOrtSession(ort, graph, graph.serialize('files'), { ...options, extra: { session } });
}

/** The engine of Node takes arrays, not Blobs. */
function inMemory(weights: WeightBytes): WeightBytes {
  return {
    slice: async (range) => {
      const data = await weights.slice(range);
      return data instanceof Uint8Array ? data : new Uint8Array(await data.arrayBuffer());
    },
    derived: (tensor) => weights.derived(tensor),
  };
}
