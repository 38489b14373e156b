import { expect, it } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCheckpoint, mllmSource } from '../fixtures.node.ts';
import { float32Tensor, floatsOf, int32Tensor } from '../host-tensors.ts';
import { visionLayout, windowPatches } from '../language/vision-windows.ts';
import { Sessions } from '../sessions.ts';
import { CPU_NUMERICS } from './numerics.ts';
import { visionTowerGraph } from './vision-tower.ts';

it('gives the same result with full attention in parts', async () => {
  const source = mllmSource(await fixtureCheckpoint());
  const { config, weights } = source.component;
  const { vision } = config;
  const grid = { rows: 10, columns: 6 };
  const layout = visionLayout(grid, vision);
  const windows = [layout.windows, windowPatches(vision)];
  const rowSize = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
  const patches = Float32Array.from({ length: 60 * rowSize }, (_, i) => Math.sin(i));
  const embeds = async (attentionParts: number) => {
    const parts = { config: vision, weights, numerics: CPU_NUMERICS, taps: false, attentionParts };
    const sessions = new Sessions(nodeRuntime({ threads: 1 }), source.bytes);
    const session = await sessions.open(visionTowerGraph, parts);
    const outputs = await session.run({
      patches: float32Tensor([60, rowSize], patches),
      order: int32Tensor(layout.order),
      cos: float32Tensor([60, vision.headDim / 2], layout.cos),
      sin: float32Tensor([60, vision.headDim / 2], layout.sin),
      slots: int32Tensor(layout.slots, windows),
      slot_bias: float32Tensor(windows, layout.slotBias),
      slot_of: int32Tensor(layout.slotOf),
      restore: int32Tensor(layout.restore),
    });
    await sessions.dispose();
    return floatsOf(outputs.embeds);
  };
  const whole = await embeds(1);
  const inParts = await embeds(7);
  expect(inParts).toHaveLength(15 * vision.outHiddenSize);
  inParts.forEach((value, i) => {
    expect(Math.abs(value - whole[i])).toBeLessThan(1e-5);
  });
});
