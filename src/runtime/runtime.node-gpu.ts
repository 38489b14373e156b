/**
 * Runs graphs with onnxruntime-node on a graphics processor, through WebGPU on Vulkan, Metal or Direct3D. For
 * measurements and checks: tensors that stay on the device in a browser cross main memory here.
 */

import * as ort from 'onnxruntime-node';
import { OmniError } from '../errors.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import { createOrtSession, openOrtSession } from './ort-session.ts';
import { smokeRun } from './smoke.ts';
import type { GraphSession, Kernels, Runtime, WeightBytes } from './types.ts';

/**
 * Starts WebGPU in Node. On Linux, VK_ICD_FILENAMES chooses the Vulkan driver; with the file
 * vk_swiftshader_icd.json of a Chromium and its folder in LD_LIBRARY_PATH that is the software adapter.
 * @throws OmniError `device` if there is no adapter, or if it computes wrong values
 */
export async function nodeGpuRuntime(): Promise<Runtime> {
  const whole = new NodeGpuRuntime(false);
  try {
    await smokeRun(whole);
  } catch (cause) {
    if (cause instanceof OmniError && cause.message.includes('wrong')) throw cause;
    throw new OmniError({
      code: 'device',
      message: 'WebGPU found no graphics processor that Node can use.',
      action: 'Check that "vulkaninfo --summary" lists a graphics processor.',
      cause,
    });
  }
  // The engine does not tell whether shaders may use float16.
  const half = new NodeGpuRuntime(true);
  return smokeRun(half).then(
    () => half,
    () => whole,
  );
}

class NodeGpuRuntime implements Runtime {
  readonly backend = 'webgpu';
  readonly halfPrecision: boolean;
  kernels?: Kernels;

  constructor(halfPrecision: boolean) {
    this.halfPrecision = halfPrecision;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    const { directory } = weights;
    if (directory === undefined || graph.derived.length > 0) {
      return openOrtSession(ort, graph, inMemory(weights), OPTIONS);
    }
    const session = { model_external_initializers_file_folder_path: directory };
    return createOrtSession(ort, graph, graph.serialize('files'), { ...OPTIONS, extra: { session } });
  }

  async dispose(): Promise<void> {}
}

const OPTIONS = { executionProviders: ['webgpu'], logSeverityLevel: 3 } as const;

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
