/**
 * Bounding boxes in replies. The language model answers "Locate the cat." with a JSON list of
 * `{"bbox_2d": [x0, y0, x1, y1], "label": "cat"}`. The built-in model does so only for wordings such as
 * "Give the box of the cat." or "Locate the cat."; it answers "Where is the cat?" in words.
 * Source of the format: Qwen2.5-VL, cookbooks/spatial_understanding.ipynb
 */

import type { Size } from '../../pictures/image.ts';

/** The edges of a box; `x1` and `y1` are exclusive. */
export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

export interface GroundedBox {
  /** In pixels of the picture at its size for the vision tower: see `visionSize` in sizes.ts. */
  readonly box: Corners;
  readonly label: string | undefined;
}

/** A fenced block of Markdown in any language; a block at the end may lack its closing fence. */
const FENCED = /```[a-z0-9]*\s*\n?([\s\S]*?)(?:```|$)/i;
/** Guards against endless replies. */
const MAX_BOXES = 1000;

/** An object that contains no other one. */
const FLAT_OBJECT = /\{[^{}]*\}/g;

/**
 * Parses the boxes of a reply: a JSON list of objects or one object, fenced or not, with or without text
 * around it. If a fence or a bracket is damaged, reads every complete object. Ignores entries whose box is
 * not four finite numbers with x0 < x1 and y0 < y1.
 * @returns the boxes in the order of the reply; undefined if there is no valid one
 * @example
 * parseBoxes('{"bbox_2d": [47, 68, 95, 128], "label": "bear"} ] ```');
 * // [{ box: [47, 68, 95, 128], label: 'bear' }]
 */
export function parseBoxes(reply: string): readonly GroundedBox[] | undefined {
  const [, fenced] = FENCED.exec(reply) ?? [];
  const boxes = boxesIn(parsed(fenced ?? reply));
  if (boxes.length > 0) return boxes;
  const objects = boxesIn((reply.match(FLAT_OBJECT) ?? []).map(parsed));
  return objects.length > 0 ? objects : undefined;
}

/** What people read in place of JSON without a usable box. */
export const NO_USABLE_ANSWER = 'The model gave no usable answer. Ask about something in the picture.';

/** A key of a box, the end of a list of objects, or only fences and brackets. */
const BOX_JSON = /bbox_2d|"label"\s*:|["\]]\s*\}\s*\]|^(?:```(?:json)?|[\s[\]{}])+$/i;

/** Whether a reply contains the JSON of boxes, complete or damaged. */
export function hasBoxJson(reply: string): boolean {
  return BOX_JSON.test(reply);
}

/** A fence, list or object that contains a box. */
const OPENING = /^\s*(?:```|\[\s*\{|\{)[\s\S]*"bbox_2d"/;

/** Whether a reply, complete or cut, begins with boxes and has no text before them. */
export function startsWithBoxes(reply: string): boolean {
  return OPENING.test(reply);
}

/** The outermost JSON list or object in a text, whichever opens first; undefined if it is not valid JSON. */
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
  const boxes: GroundedBox[] = [];
  for (const entry of entries.slice(0, MAX_BOXES)) {
    if (typeof entry !== 'object' || entry === null || !('bbox_2d' in entry)) continue;
    const box = cornersOf(entry.bbox_2d);
    const label = 'label' in entry && typeof entry.label === 'string' ? entry.label : undefined;
    if (box) boxes.push({ box, label });
  }
  return boxes;
}

function cornersOf(value: unknown): Corners | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const numbers = value.filter((entry): entry is number => Number.isFinite(entry));
  if (numbers.length !== 4) return undefined;
  const [x0, y0, x1, y1] = numbers;
  return x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : undefined;
}

/** A box that does not depend on the size of the picture. */
export interface RelativeBox {
  /** Absent if the model gives none. */
  readonly label?: string;
  /** Left, top, right and bottom edge as fractions of the picture's width and height, 0 … 1. */
  readonly box: Corners;
}

/**
 * The boxes of a reply as fractions of the picture, clipped to it. Boxes outside of the picture are dropped.
 * @param size the picture's size for the vision tower, in pixels
 */
export function relativeBoxes(reply: string, size: Size): readonly RelativeBox[] {
  const fraction = (pixels: number, side: number) => Math.min(1, Math.max(0, pixels / side));
  return (parseBoxes(reply) ?? []).flatMap(({ box: [x0, y0, x1, y1], label }) => {
    const box: Corners = [
      fraction(x0, size.width),
      fraction(y0, size.height),
      fraction(x1, size.width),
      fraction(y1, size.height),
    ];
    const visible = box[0] < box[2] && box[1] < box[3];
    return visible ? [label === undefined ? { box } : { label, box }] : [];
  });
}
