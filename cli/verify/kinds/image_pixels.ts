/** Preprocessing of pictures, the final resize, and the conversion to 8 bits. */

import { z } from 'zod';
import type { PromptImage } from '../../../src/omnigen2/language/vision-patches.ts';
import { visionPatches } from '../../../src/omnigen2/language/vision-patches.ts';
import { type Pixels, referencePixels, resizeBilinear, toRgbImage } from '../../../src/omnigen2/pixels.ts';
import { compareExact, compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, VerifyContext } from '../types.ts';

const referenceParams = z.object({
  image: z.string(),
  max_pixels: z.number(),
  max_side_length: z.number(),
});
const visionParams = z.union([
  z.object({ image: z.string() }).transform(({ image }) => [image]),
  z.object({ images: z.array(z.string()) }).transform(({ images }) => images),
]);

export const run: KindRunner = async (golden, context) => {
  if (golden.tensors.has('image')) return fromFloats(golden);
  if (golden.tensors.has('pixels')) return [await reference(golden, context)];
  return vision(golden, context);
};

/** Output `u8` `[B, H, W, 3]` is the pictures in 8 bits, `out_HxW` `[B, 3, H, W]` the resized pictures. */
function fromFloats(golden: GoldenCase): Comparison[] {
  const [count, channels, height, width] = tensorOf(golden, 'image').shape;
  const size = channels * height * width;
  const images = Array.from({ length: count }, (_, i): Pixels => {
    const data = floatsOf(golden, 'image').subarray(i * size, (i + 1) * size);
    return { width, height, data };
  });
  return golden.outputs.map((name) => {
    const resize = /^out_(\d+)x(\d+)$/.exec(name);
    const got = images.flatMap((image): number[] => [
      ...(resize ? resizeBilinear(image, Number(resize[2]), Number(resize[1])).data : toRgbImage(image).data),
    ]);
    return compareTensor(name, got, tensorOf(golden, name), golden.tolerance);
  });
}

async function reference(golden: GoldenCase, context: VerifyContext): Promise<Comparison> {
  const params = referenceParams.parse(golden.params);
  const image = await context.readImage(params.image);
  const { data } = referencePixels(image, {
    maxPixels: params.max_pixels,
    maxReferenceSide: params.max_side_length,
    sideMultiple: 2 * (await context.model()).config.vae.downscaleFactor,
  });
  return compareTensor('pixels', data, tensorOf(golden, 'pixels'), golden.tolerance);
}

async function vision(golden: GoldenCase, context: VerifyContext): Promise<Comparison[]> {
  const { config } = await context.model();
  const pictures: PromptImage[] = [];
  for (const path of visionParams.parse(golden.params)) {
    pictures.push(visionPatches(await context.readImage(path), config.preprocessor));
  }
  const grids = pictures.flatMap(({ grid: { rows, columns } }) => [1, rows, columns]);
  const exact = { abs: 0, rel: 0 };
  const comparisons = [compareTensor('image_grid_thw', grids, tensorOf(golden, 'image_grid_thw'), exact)];
  if (golden.tensors.has('pixel_values')) {
    const patches = new Float32Array(pictures.reduce((sum, picture) => sum + picture.patches.length, 0));
    let at = 0;
    for (const picture of pictures) {
      patches.set(picture.patches, at);
      at += picture.patches.length;
    }
    comparisons.push(
      compareTensor('pixel_values', patches, tensorOf(golden, 'pixel_values'), golden.tolerance),
    );
  }
  if ('patch_rows' in golden.expected) {
    const rows = pictures.reduce((sum, { grid }) => sum + grid.rows * grid.columns, 0);
    comparisons.push(compareExact('patch_rows', rows, golden.expected.patch_rows));
  }
  return comparisons;
}
