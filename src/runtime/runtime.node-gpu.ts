/**
 * Runs graphs with onnxruntime-node on a graphics processor, through WebGPU on Vulkan, Metal or Direct3D. For
 * measurements and checks: tensors that stay on the device in a browser cross main memory here.
 */

import { OmniError } from '../errors.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import { openNodeSession } from './session.node.ts';
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

  open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    return openNodeSession(graph, weights, { executionProviders: ['webgpu'], logSeverityLevel: 3 });
  }

  async dispose(): Promise<void> {}
}
