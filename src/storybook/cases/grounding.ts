/** Answers with boxes, in the JSON form of Qwen2.5-VL. */
import { standBoxes } from '../drawing/render.ts';
import type { Scene, Thing } from '../scene.ts';

/**
 * Side of a 128-pixel page after the preprocessing of the language model: the next multiple of 28. Boxes are
 * in these pixels.
 */
export const GROUNDING_SIDE = 140;

/** A box in pixels, `x1` and `y1` exclusive. */
export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

/** The boxes of all copies of a thing from left to right, in pixels of a page of side `size`. */
export function cornersOf(scene: Scene, thing: Thing, size = GROUNDING_SIDE): Corners[] {
  const scale = size / 128;
  const boxes = standBoxes(scene)[scene.things.indexOf(thing)] ?? [];
  return boxes
    .map(
      (b): Corners => [
        Math.round(b.x0 * scale),
        Math.round(b.y0 * scale),
        Math.round(b.x1 * scale),
        Math.round(b.y1 * scale),
      ],
    )
    .sort((a, b) => a[0] - b[0]);
}

/**
 * The boxes of a thing as Qwen2.5-VL writes them: a fenced JSON list of `{"bbox_2d": [x0, y0, x1, y1],
 * "label": …}`.
 */
export function groundingAnswer(scene: Scene, thing: Thing): string {
  const rows = cornersOf(scene, thing).map(
    (box) => `\t{"bbox_2d": [${box.join(', ')}], "label": "${thing.who.kind}"}`,
  );
  return `\`\`\`json\n[\n${rows.join(',\n')}\n]\n\`\`\``;
}
