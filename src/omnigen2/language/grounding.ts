import type { Size } from '../../pictures/image.ts';
/**
 * Boxes in what the model says: "Where is the cat?" is answered with a JSON list of
 * `{"bbox_2d": [x0, y0, x1, y1], "label": "cat"}`, as the language model of OmniGen2 was taught to.
 * Source of the form: Qwen2.5-VL, cookbooks/spatial_understanding.ipynb
 */

/** A box in pixels; `x1` and `y1` are where it ends. */
export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

/** Something that the model has found. */
export interface GroundedBox {
  /** In pixels of the picture as the model saw it: see `visionSize` in images/sizes.ts. */
  readonly box: Corners;
  readonly label: string | undefined;
}

/** A fence of Markdown with whatever language it names; the last one may be left open. */
const FENCED = /```[a-z0-9]*\s*\n?([\s\S]*?)(?:```|$)/i;
/** No picture has more things to point at. */
const MAX_BOXES = 1000;

/**
 * Reads the boxes of a reply: a JSON list of objects or one object, in a fence or not, with or without words around it.
 * An entry whose box is not four numbers in rising order is no box and is left out.
 * @returns the boxes in the order of the reply; undefined if it holds none that can be read
 */
export function parseBoxes(reply: string): readonly GroundedBox[] | undefined {
  const [, fenced] = FENCED.exec(reply) ?? [];
  const found = boxesIn(parsed(fenced ?? reply));
  return found.length > 0 ? found : undefined;
}

/** A fence, a list or an object in which a box is named. */
const OPENING = /^\s*(?:```|\[\s*\{|\{)[\s\S]*"bbox_2d"/;

/** Whether a reply points at places and says nothing before, be it whole or cut. */
export function startsWithBoxes(reply: string): boolean {
  return OPENING.test(reply);
}

/** The outermost JSON list or object in a text, whichever opens first; undefined if it cannot be read. */
function parsed(text: string): unknown {
  const start = text.search(/[[{]/);
  const end = text.lastIndexOf(text[start] === '[' ? ']' : '}');
  try {
    return JSON.parse(text.slice(Math.max(0, start), end + 1));
  } catch {
    return undefined;
  }
}

function boxesIn(value: unknown): GroundedBox[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const found: GroundedBox[] = [];
  for (const entry of entries.slice(0, MAX_BOXES)) {
    if (typeof entry !== 'object' || entry === null || !('bbox_2d' in entry)) continue;
    const box = cornersOf(entry.bbox_2d);
    const label = 'label' in entry && typeof entry.label === 'string' ? entry.label : undefined;
    if (box) found.push({ box, label });
  }
  return found;
}

function cornersOf(value: unknown): Corners | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const numbers = value.filter((entry): entry is number => Number.isFinite(entry));
  if (numbers.length !== 4) return undefined;
  const [x0, y0, x1, y1] = numbers;
  return x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : undefined;
}

/** Something that the model has found, wherever and however large the picture is shown. */
export interface RelativeBox {
  /** What the model calls it; absent where it does not say. */
  readonly label?: string;
  /** Left, top, right and bottom edge as shares of the picture's width and height, from 0 to 1. */
  readonly box: Corners;
}

/** Where a reply points in the picture, which the model saw as large as `seen`; a box ends where the picture does. */
export function relativeBoxes(reply: string, seen: Size): readonly RelativeBox[] {
  const share = (pixels: number, side: number) => Math.min(1, Math.max(0, pixels / side));
  return (parseBoxes(reply) ?? []).flatMap(({ box: [x0, y0, x1, y1], label }) => {
    const box: Corners = [
      share(x0, seen.width),
      share(y0, seen.height),
      share(x1, seen.width),
      share(y1, seen.height),
    ];
    const shows = box[0] < box[2] && box[1] < box[3];
    return shows ? [label === undefined ? { box } : { label, box }] : [];
  });
}
