/** The values in the messages of the protocol: their zod schemas and types. */

import * as z from 'zod/mini';
import { ERROR_CODES } from './errors.ts';

/** An object of the protocol. Other fields in it are dropped. */
export const fields = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.readonly(z.object(shape));
export const list = <Item extends z.ZodMiniType>(item: Item) => z.readonly(z.array(item));

export const text = z.string();
/** Counts from 1. */
export const round = z.int();
export const milliseconds = z.number();
/** Sentences for the person. */
export const notes = list(text);

export const errorReport = fields({
  code: z.enum(ERROR_CODES),
  permanent: z.boolean(),
  message: text,
  action: text,
});

export const picture = fields({
  width: z.int(),
  height: z.int(),
  data: z.custom<Uint8ClampedArray<ArrayBuffer>>((value) => value instanceof Uint8ClampedArray, 'pixels'),
});
/** An 8-bit sRGB picture: `data` is row-major RGBA, `4 * width * height` bytes, alpha always 255. */
export type Picture = z.infer<typeof picture>;

const roundOutcome = z.enum(['accept', 'fix', 'out_of_rounds', 'repeated', 'unclear']);
/**
 * How a round ended. `accept`: the critic accepts the picture. `fix`: the next round edits it by the
 * critique. `out_of_rounds`: the critic does not accept it, but no round is left. `repeated`: the critique is
 * that of the round before. `unclear`: the critic gave no usable answer.
 */
export type RoundOutcome = z.infer<typeof roundOutcome>;

const report = {
  round,
  /** The instruction that was drawn: the prompt in round 1, then the critique of the round before. */
  instruction: text,
  critique: text,
  outcome: roundOutcome,
  drawMs: milliseconds,
  critiqueMs: milliseconds,
};
export const roundReport = fields(report);
export type RoundReport = z.infer<typeof roundReport>;

const numbers = z.custom<Float32Array>((value) => value instanceof Float32Array, 'numbers (Float32Array)');

export const drawingSnapshot = fields({
  /** The finished rounds with their pictures. */
  finished: list(fields({ ...report, picture })),
  /** The picture of the next round, if it is drawn and its critique is missing. */
  drawn: z.optional(fields({ picture, drawMs: milliseconds })),
  /** The next round, between two of its steps. */
  drawing: z.optional(
    fields({
      /** Finished steps. */
      step: z.int(),
      latents: numbers,
      /** The scheduler's. */
      history: list(numbers),
      text: fields({ prompt: numbers, negative: z.optional(numbers), notes }),
      references: list(fields({ channels: z.int(), height: z.int(), width: z.int(), data: numbers })),
    }),
  ),
  notes,
  /** Time of the job so far. */
  spentMs: milliseconds,
});
/** What a draw job needs to go on in another worker. A picture of 1024 x 1024 pixels takes about 3 MB. */
export type DrawingSnapshot = z.infer<typeof drawingSnapshot>;

export const smallerPlan = fields({
  /** Memory that the model may take under this plan. */
  budgetBytes: z.number(),
  /** How the parts of the model share the memory. */
  how: text,
});
export type SmallerPlan = z.infer<typeof smallerPlan>;
