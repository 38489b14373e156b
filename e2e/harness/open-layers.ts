/** Opens all layers of a picked checkpoint's transformer on WebGPU, and says how long that took. */

import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { memoryFolder } from '../../src/checkpoints/folder.ts';
import { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { startWebRuntime } from '../../src/runtime/runtime.web.ts';

export interface OpenedLayers {
  /** The adapter, for a person. */
  readonly device: string;
  readonly layers: number;
  readonly seconds: number;
}

declare global {
  /** Opens the layers of the checkpoint in a picked folder, and keeps them open. */
  var openLayers: ((picked: readonly File[]) => Promise<OpenedLayers>) | undefined;
}

/** Side of the latents and rows of the prompt of the step that the layers are opened for. */
const LATENT_SIDE = 32;
const TEXT_ROWS = 32;

globalThis.openLayers = async (picked) => {
  const files = new Map(picked.map((file) => [file.webkitRelativePath.split('/').slice(1).join('/'), file]));
  const checkpoint = await openCheckpoint(memoryFolder('picked', files));
  const runtime = await startWebRuntime({ backend: 'webgpu' });
  const model = new OmniGen2Model(checkpoint, runtime, () => Promise.reject(new Error('not used')));
  const { hiddenSize, inChannels: channels, numLayers } = checkpoint.config.transformer;
  const started = performance.now();
  const transformer = await model.transformer();
  await transformer.load({
    latents: {
      channels,
      height: LATENT_SIDE,
      width: LATENT_SIDE,
      data: new Float32Array(channels * LATENT_SIDE ** 2),
    },
    timestep: 0,
    branches: [{ context: new Float32Array(TEXT_ROWS * hiddenSize), references: [] }],
  });
  return {
    device: runtime.description,
    layers: numLayers,
    seconds: (performance.now() - started) / 1000,
  };
};
