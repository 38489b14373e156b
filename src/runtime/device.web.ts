/** The worker's GPU device. It records loss and errors, because WebGPU does not throw them. */

import { OmniError } from '../errors.ts';
import { isShortage } from './engine-error.ts';
import type { DeviceFacts } from './types.ts';

export interface GpuDevice {
  readonly device: GPUDevice;
  readonly description: string;
  /** Whether shaders may use float16. Sessions with float16 open without it and fail only when run. */
  readonly halfPrecision: boolean;
  readonly facts: DeviceFacts;
  /** Settles when the device is gone, whether it was lost or destroyed. */
  readonly lost: Promise<void>;
  /**
   * Runs `work`. Fails if the GPU reported an error since the last call, also if `work` returned: WebGPU does
   * not throw when it runs out of memory. The GPU's error replaces the error of `work`: it is the cause.
   * @param doing what the work does, for the message: "running the graph x"
   * @throws OmniError `device`, or the error of `work`
   */
  checked<T>(doing: string, work: () => Promise<T>): Promise<T>;
  destroy(): void;
}

/** Limits that large models need above WebGPU's defaults. Each is requested at the adapter's maximum. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxStorageBuffersPerShaderStage',
] as const;

/**
 * `chromium-experimental-subgroup-matrix` multiplies matrices on tensor cores. The engine uses it for
 * quantized products if the device has it.
 */
const WANTED_FEATURES = [
  'shader-f16',
  'subgroups',
  'timestamp-query',
  'chromium-experimental-subgroup-matrix',
] as const;
/** Features that work through subgroups. */
const SUBGROUP_FEATURES: ReadonlySet<string> = new Set([
  'subgroups',
  'chromium-experimental-subgroup-matrix',
]);

/**
 * Fewest lanes of a subgroup for which the feature is requested. The engine's subgroup attention kernels
 * compute wrong values with fewer: the error is 0.07 at 64 tokens with the 4 lanes of SwiftShader. Without
 * the feature the engine uses kernels that are correct.
 */
const MIN_SUBGROUP_SIZE = 8;

/**
 * Requests the device with the limits and features that the model uses.
 * @throws OmniError `device` if WebGPU is missing, finds no adapter or does not open the device
 */
export async function acquireDevice(): Promise<GpuDevice> {
  if (!navigator.gpu) {
    throw noGpu('This browser does not offer WebGPU.');
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw noGpu('WebGPU found no graphics processor that it can use.');
  // The first browsers with WebGPU have no `adapter.info`.
  const info: Partial<GPUAdapterInfo> = adapter.info ?? {};
  const requiredLimits: Record<string, number> = {};
  for (const limit of WANTED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures = WANTED_FEATURES.filter(
    (feature) =>
      adapter.features.has(feature) &&
      (!SUBGROUP_FEATURES.has(feature) || (info.subgroupMinSize ?? 0) >= MIN_SUBGROUP_SIZE),
  );
  // The type of a feature's name lists those of the standard.
  const features = requiredFeatures as GPUFeatureName[];
  const device = await adapter
    .requestDevice({ requiredLimits, requiredFeatures: features })
    .catch((cause: unknown) => {
      throw noGpu('The graphics processor could not be opened.', cause);
    });
  return watchDevice(device, nameOf(info), adapterFacts(adapter, info));
}

/** Limits of a report. */
const REPORTED_LIMITS = [...WANTED_LIMITS, 'maxComputeWorkgroupsPerDimension'] as const;

function adapterFacts(
  adapter: GPUAdapter,
  info: Partial<GPUAdapterInfo>,
): Pick<DeviceFacts, 'adapter' | 'offered'> {
  const { vendor = '', architecture = '', device = '', description = '' } = info;
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = info;
  return {
    adapter: { vendor, architecture, device, description, subgroupMinSize, subgroupMaxSize },
    offered: [...adapter.features].sort(),
  };
}

/**
 * Records loss and errors of `device` from now on.
 * @param description name of the GPU, for a person
 */
export function watchDevice(
  device: GPUDevice,
  description: string,
  adapter: Pick<DeviceFacts, 'adapter' | 'offered'> = { adapter: {}, offered: [] },
): GpuDevice {
  return new WatchedDevice(device, description, adapter);
}

function noGpu(message: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'device',
    message,
    action:
      'Use a current Chrome, Edge, Firefox or Safari with hardware acceleration on. Until then the CPU draws.',
    cause,
  });
}

function nameOf(info: Partial<GPUAdapterInfo>): string {
  return (
    info.description || [info.vendor, info.architecture].filter(Boolean).join(' ') || 'graphics processor'
  );
}

class WatchedDevice implements GpuDevice {
  readonly device: GPUDevice;
  readonly description: string;
  readonly lost: Promise<void>;
  readonly #adapter: Pick<DeviceFacts, 'adapter' | 'offered'>;
  #lostBy: string | undefined;
  #error: string | undefined;

  constructor(device: GPUDevice, description: string, adapter: Pick<DeviceFacts, 'adapter' | 'offered'>) {
    this.device = device;
    this.description = description;
    this.#adapter = adapter;
    this.lost = device.lost.then(({ reason, message }) => {
      this.#lostBy = message || reason || 'no reason given';
    });
    device.addEventListener('uncapturederror', ({ error }) => {
      // An error of this class says nothing but that memory is missing, in each browser's own words.
      const ranOut = error.constructor.name === 'GPUOutOfMemoryError';
      this.#error ??= ranOut ? `Out of memory: ${error.message}` : error.message;
    });
  }

  get halfPrecision(): boolean {
    return this.device.features.has('shader-f16');
  }

  get facts(): DeviceFacts {
    const { features, limits } = this.device;
    return {
      ...this.#adapter,
      features: [...features].sort(),
      limits: Object.fromEntries(REPORTED_LIMITS.map((name) => [name, limits[name]])),
    };
  }

  async checked<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#throwIfFailed(doing);
    try {
      return await work();
    } finally {
      this.#throwIfFailed(doing);
    }
  }

  destroy(): void {
    this.device.destroy();
  }

  /** Throws if the device is lost, or once for an error that the GPU has reported. */
  #throwIfFailed(doing: string): void {
    if (this.#lostBy !== undefined) {
      throw new OmniError({
        code: 'device',
        permanent: false,
        message: `The graphics processor was lost while ${doing} (${this.#lostBy.split('\n', 1)[0]}).`,
        action: 'Try again: the model is loaded again. Your pictures and prompts are kept.',
      });
    }
    const error = this.#error;
    if (error === undefined) return;
    this.#error = undefined;
    if (isShortage(error)) {
      throw new OmniError({
        code: 'memory',
        permanent: false,
        message: `The graphics processor ran out of memory while ${doing}.`,
        action: 'Close other tabs and programs that use it and try again, or choose a smaller picture.',
      });
    }
    throw new OmniError({
      code: 'device',
      permanent: false,
      message: `The graphics processor reported an error while ${doing}: ${error.split('\n', 1)[0]}`,
      action: 'Try again. If it happens again, update the graphics driver or the browser.',
    });
  }
}
