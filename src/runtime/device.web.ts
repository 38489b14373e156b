/** The GPU device: one for the worker, owned here, so that loss and errors are seen and said. */

import { OmniError } from '../errors.ts';

export interface GpuDevice {
  readonly device: GPUDevice;
  readonly description: string;
  /** Whether shaders may use float16. Sessions with float16 open without it and fail only when run. */
  readonly halfPrecision: boolean;
  /** Settles when the device is gone, whether it was lost or destroyed. */
  readonly lost: Promise<void>;
  /**
   * Runs `work` and fails if the GPU has reported an error by then: out of memory is silent otherwise. Its report goes
   * before what `work` throws, for it says why. A report that came after the run before fails this one.
   * @throws OmniError `device`, or what `work` throws
   */
  checked<T>(doing: string, work: () => Promise<T>): Promise<T>;
  destroy(): void;
}

/** Limits that large models need beyond WebGPU's defaults; asked for as far as the adapter has them. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxStorageBuffersPerShaderStage',
] as const;

const WANTED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

/**
 * The engine's attention kernels for subgroups compute wrong values where a subgroup may have fewer lanes: measured 0.07
 * off at 64 tokens with the 4 lanes of SwiftShader. Without the feature the engine takes kernels that are right.
 */
const MIN_SUBGROUP_SIZE = 8;

/** @throws OmniError `device`, saying what is missing, if there is no usable WebGPU */
export async function acquireDevice(): Promise<GpuDevice> {
  if (!navigator.gpu) {
    throw noGpu('This browser does not offer WebGPU.');
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw noGpu('WebGPU found no graphics processor it may use.');
  // The first browsers with WebGPU have no such field.
  const info: Partial<GPUAdapterInfo> = adapter.info ?? {};
  const requiredLimits: Record<string, number> = {};
  for (const limit of WANTED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures = WANTED_FEATURES.filter(
    (feature) =>
      adapter.features.has(feature) &&
      (feature !== 'subgroups' || (info.subgroupMinSize ?? 0) >= MIN_SUBGROUP_SIZE),
  );
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures }).catch((cause: unknown) => {
    throw noGpu('The graphics processor refused to open.', cause);
  });
  return ownDevice(device, nameOf(info));
}

/** Watches a device from now on. */
export function ownDevice(device: GPUDevice, description: string): GpuDevice {
  return new OwnedDevice(device, description);
}

function noGpu(message: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'device',
    message,
    action:
      'Use a current Chrome, Edge, Firefox or Safari with hardware acceleration on; until then the processor draws.',
    cause,
  });
}

function nameOf(info: Partial<GPUAdapterInfo>): string {
  return (
    info.description || [info.vendor, info.architecture].filter(Boolean).join(' ') || 'graphics processor'
  );
}

class OwnedDevice implements GpuDevice {
  readonly device: GPUDevice;
  readonly description: string;
  readonly lost: Promise<void>;
  #lostBy: string | undefined;
  #error: string | undefined;

  constructor(device: GPUDevice, description: string) {
    this.device = device;
    this.description = description;
    this.lost = device.lost.then(({ reason, message }) => {
      this.#lostBy = message || reason || 'without a reason';
    });
    device.addEventListener('uncapturederror', ({ error }) => {
      this.#error ??= error.message;
    });
  }

  get halfPrecision(): boolean {
    return this.device.features.has('shader-f16');
  }

  async checked<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#refuse(doing);
    try {
      return await work();
    } finally {
      this.#refuse(doing);
    }
  }

  destroy(): void {
    this.device.destroy();
  }

  /** Says what the GPU has reported, once. */
  #refuse(doing: string): void {
    if (this.#lostBy !== undefined) {
      throw new OmniError({
        code: 'device',
        permanent: false,
        message: `The graphics processor was lost while ${doing} (${this.#lostBy.split('\n', 1)[0]}).`,
        action: 'Try again: the model is loaded anew. Your pictures and words are kept.',
      });
    }
    const error = this.#error;
    if (error === undefined) return;
    this.#error = undefined;
    throw new OmniError({
      code: 'device',
      permanent: false,
      message: `The graphics processor reported an error while ${doing}: ${error.split('\n', 1)[0]}`,
      action: 'It may be short of memory: choose a smaller picture or a smaller form of the model.',
    });
  }
}
