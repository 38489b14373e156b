/** Pictures as the built-in model's autoencoder gives them back. */

import { fillDerived } from '../../src/checkpoints/derive.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { readWhole } from '../../src/checkpoints/folder.ts';
import { openCheckpoint } from '../../src/checkpoints/layout.ts';
import type { JudgedPicture } from '../../src/judge/judge.ts';
import { Autoencoder } from '../../src/omnigen2/autoencoder.ts';
import { CPU_NUMERICS } from '../../src/omnigen2/graphs/layers.ts';
import { pixelsOf } from '../../src/omnigen2/images/prepare.ts';
import { nodeRuntime } from '../../src/runtime/runtime.node.ts';
import { TRAINED } from '../models.ts';

export interface RoundTrip {
  of(picture: JudgedPicture): Promise<JudgedPicture>;
  dispose(): Promise<void>;
}

export async function roundTrip(): Promise<RoundTrip> {
  const { components, folder, readTensor } = await openCheckpoint(nodeFolder(TRAINED));
  const autoencoder = await Autoencoder.open(
    nodeRuntime(),
    {
      component: components.vae,
      bytes: {
        file: (path) => readWhole(folder, path),
        derived: (graph) => fillDerived(graph, readTensor),
      },
    },
    CPU_NUMERICS,
  );
  return {
    async of({ width, height, data }) {
      const pixels = pixelsOf({ width, height, data: Uint8Array.from(data) });
      const { data: planes } = await autoencoder.decode((await autoencoder.encode(pixels)).mean);
      const area = width * height;
      const rgb = Uint8ClampedArray.from(
        { length: 3 * area },
        (_, i) => (planes[(i % 3) * area + Math.floor(i / 3)] + 1) * 127.5,
      );
      return { width, height, data: rgb };
    },
    dispose: () => autoencoder.dispose(),
  };
}
