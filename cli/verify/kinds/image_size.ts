/** Tables of resize rules: references, outputs, and the input of the vision tower. */

import { z } from 'zod';
import { OmniError } from '../../../src/errors.ts';
import { outputSize, referenceSize, visionSize } from '../../../src/omnigen2/sizes.ts';
import type { Size } from '../../../src/pictures/image.ts';
import { compareExact } from '../compare.ts';
import type { Comparison, KindRunner } from '../types.ts';

const side = z.number().nullable();

const referenceRow = z.object({
  width: z.number(),
  height: z.number(),
  max_pixels: z.number(),
  max_side_length: z.number(),
  out_width: side,
  out_height: side,
  ok: z.boolean(),
});
const outputRow = z.object({
  width: z.number(),
  height: z.number(),
  max_pixels: z.number(),
  gen_width: z.number(),
  gen_height: z.number(),
  out_width: z.number(),
  out_height: z.number(),
});
const visionRow = z.object({
  width: z.number(),
  height: z.number(),
  out_width: side,
  out_height: side,
  ok: z.boolean(),
});
const visionParams = z.object({ factor: z.number(), min_pixels: z.number(), max_pixels: z.number() });

export const run: KindRunner = async ({ params, expected }, context) => {
  const rows = z.array(z.looseObject({})).parse(expected.rows);
  if ('factor' in params) {
    const { factor, min_pixels, max_pixels } = visionParams.parse(params);
    const rule = { patchSize: factor, mergeSize: 1, minPixels: min_pixels, maxPixels: max_pixels };
    return rows.map((row) => {
      const want = visionRow.parse(row);
      return compareSize(want, want, () => visionSize(want, rule));
    });
  }
  const { downscaleFactor } = (await context.model()).config.vae;
  return rows.map((row) => {
    if ('gen_width' in row) return compareOutput(outputRow.parse(row));
    const want = referenceRow.parse(row);
    const limits = {
      maxPixels: want.max_pixels,
      maxReferenceSide: want.max_side_length,
      sideMultiple: 2 * downscaleFactor,
    };
    return compareSize(want, want, () => referenceSize(want, limits));
  });
};

/** A size that would be drawn with 0 pixels must be refused, unlike in the official code. */
function compareOutput(want: z.infer<typeof outputRow>): Comparison {
  const got = resultOrRefusal(() => {
    const { drawn, requested } = outputSize(want, want.max_pixels);
    return { drawn: pair(drawn), requested: pair(requested) };
  });
  const sizes = {
    drawn: [want.gen_width, want.gen_height],
    requested: [want.out_width, want.out_height],
  };
  const usable = want.gen_width > 0 && want.gen_height > 0;
  return compareExact(`${want.width}x${want.height}`, got, usable ? sizes : 'refused');
}

/** A size that the official code cannot use must be refused. */
function compareSize(
  { width, height }: Size,
  want: { readonly ok: boolean; readonly out_width: number | null; readonly out_height: number | null },
  compute: () => Size,
): Comparison {
  const expected = want.ok ? [want.out_width, want.out_height] : 'refused';
  return compareExact(
    `${width}x${height}`,
    resultOrRefusal(() => pair(compute())),
    expected,
  );
}

function resultOrRefusal<T>(compute: () => T): T | 'refused' {
  try {
    return compute();
  } catch (error) {
    if (error instanceof OmniError && ['bad_image', 'bad_request'].includes(error.code)) return 'refused';
    throw error;
  }
}

function pair({ width, height }: Size): readonly [number, number] {
  return [width, height];
}
