/**
 * Language model and vision tower: every layer, logits, positions and windows.
 *
 * The rows of a batch run one by one without padding. Only valid rows are compared, because the official
 * outputs at padded positions are meaningless.
 */

import type { MllmConfig } from '../../../src/config/config.ts';
import type { PatchGrid } from '../../../src/omnigen2/diffusion/patches.ts';
import { textRows } from '../../../src/omnigen2/language/chat-prompt.ts';
import { Mllm } from '../../../src/omnigen2/language/mllm.ts';
import { imageTokenCount, ropePositions } from '../../../src/omnigen2/language/rope-positions.ts';
import type { PromptImage } from '../../../src/omnigen2/language/vision-patches.ts';
import { windowIndex } from '../../../src/omnigen2/language/vision-windows.ts';
import { compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';

/** Computed values by output name, concatenated over the prompts of a case. */
class Produced {
  readonly #values = new Map<string, number[]>();

  readonly add = (name: string, values: ArrayLike<number>): void => {
    const all = this.#values.get(name) ?? [];
    // Not with spread: a hundred thousand arguments overflow the stack.
    for (let i = 0; i < values.length; i++) all.push(values[i]);
    this.#values.set(name, all);
  };

  get(name: string): readonly number[] | undefined {
    return this.#values.get(name);
  }
}

export const run: KindRunner = async (golden, context) => {
  const model = await context.model();
  const produced = new Produced();
  const mllm = await Mllm.open(model.runtime, model.source('mllm'), { trace: produced.add });
  try {
    const prompts = promptsOf(golden, mllm.config);
    for (const prompt of prompts) await produce(mllm, prompt, produced);
    const grids = gridsOf(golden);
    if (grids.length > 0) {
      const { cells, bounds } = windowIndex(grids, mllm.config.vision);
      produced.add('vit_window_index', cells);
      produced.add('vit_cu_window_seqlens', bounds);
    }
    return golden.outputs.map((name) => compareOutput(golden, name, produced, prompts));
  } finally {
    await mllm.dispose();
  }
};

/** One row of a batch, without its padding. */
export interface Prompt {
  readonly ids: readonly number[];
  readonly images: readonly PromptImage[];
  /** The positions of the ids in the padded row. */
  readonly places: readonly number[];
  readonly paddedLength: number;
}

async function produce(mllm: Mllm, prompt: Prompt, produced: Produced): Promise<void> {
  const { ids, images, places, paddedLength } = prompt;
  const { config } = mllm;
  const hidden = await mllm.hiddenStates(ids, images);
  produced.add('last_hidden_state', hidden);
  produced.add('logits', await mllm.logits(hidden));
  const grids = images.map(({ grid }) => grid);
  const { ids: positions, delta } = ropePositions(ids, grids, config);
  produced.add('position_ids', positions);
  // The official code counts padding as tokens.
  produced.add('rope_deltas', [delta + places.length - paddedLength]);
  const embeds = textRows(hidden, ids, config);
  produced.add('prompt_embeds', embeds);
  produced.add('prompt_attention_mask', Array(embeds.length / config.language.hiddenSize).fill(1));
}

function compareOutput(
  golden: GoldenCase,
  name: string,
  produced: Produced,
  prompts: readonly Prompt[],
): Comparison {
  const got = produced.get(name);
  if (!got) return { name, maxAbsError: Number.NaN, ok: false, where: 'is not computed by this program' };
  const want = tensorOf(golden, name);
  const perToken = /^(hidden_\d+|last_hidden_state|logits|position_ids)$/.test(name);
  const padded = prompts.some(({ places, paddedLength }) => places.length < paddedLength);
  const tolerance = want.dtype === 'F32' ? golden.tolerance : { abs: 0, rel: 0 };
  if (!perToken || (!padded && prompts.length === 1)) return compareTensor(name, got, want, tolerance);

  const length = prompts[0].paddedLength;
  const picked: number[] = [];
  for (const [row, { places }] of prompts.entries()) {
    if (name === 'position_ids') {
      for (const axis of [0, 1, 2]) {
        for (const place of places) picked.push(want.data[(axis * prompts.length + row) * length + place]);
      }
    } else {
      const width = want.shape[2];
      for (const place of places) {
        const start = (row * length + place) * width;
        for (let i = start; i < start + width; i++) picked.push(want.data[i]);
      }
    }
  }
  const shape = name === 'position_ids' ? [picked.length] : [picked.length / want.shape[2], want.shape[2]];
  const valid = { dtype: want.dtype, shape, data: Float32Array.from(picked) };
  return compareTensor(`${name} (valid rows)`, got, valid, tolerance);
}

/** The patch grids of all pictures of a case. */
export function gridsOf(golden: GoldenCase): PatchGrid[] {
  const grids = golden.tensors.get('image_grid_thw');
  if (!grids) return [];
  return Array.from({ length: grids.shape[0] }, (_, i) => {
    const [frames, rows, columns] = grids.data.slice(3 * i, 3 * i + 3);
    if (frames !== 1) throw new Error(`case ${golden.id}: picture ${i} has ${frames} frames`);
    return { rows, columns };
  });
}

/** The prompts of a case. Pictures are assigned to prompts in order, by the number of image tokens. */
export function promptsOf(golden: GoldenCase, config: MllmConfig, images = imagesOf(golden)): Prompt[] {
  const { shape, data: ids } = tensorOf(golden, 'input_ids');
  const { data: mask } = tensorOf(golden, 'attention_mask');
  const [batch, paddedLength] = shape;
  let next = 0;
  return Array.from({ length: batch }, (_, row) => {
    const places = Array.from({ length: paddedLength }, (_, i) => i).filter(
      (place) => mask[row * paddedLength + place] === 1,
    );
    const own = places.map((place) => ids[row * paddedLength + place]);
    let open = own.filter((id) => id === config.imageTokenId).length;
    const first = next;
    while (open > 0 && next < images.length) open -= imageTokenCount(images[next++].grid, config.vision);
    return { ids: own, images: images.slice(first, next), places, paddedLength };
  });
}

function imagesOf(golden: GoldenCase): PromptImage[] {
  const grids = gridsOf(golden);
  if (grids.length === 0) return [];
  const rows = floatsOf(golden, 'pixel_values');
  const width = tensorOf(golden, 'pixel_values').shape[1];
  let at = 0;
  return grids.map((grid) => {
    const end = at + grid.rows * grid.columns;
    const patches = rows.slice(at * width, end * width);
    at = end;
    return { patches, grid };
  });
}
