/**
 * States of the model, and events and results of jobs, as the library reports them. Times in milliseconds.
 */

import type { ErrorReport } from '../errors.ts';

/** An 8-bit sRGB picture: `data` is row-major RGBA, `4 * width * height` bytes, alpha always 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The device that runs the model. */
export interface DeviceReport {
  readonly backend: 'webgpu' | 'wasm';
  /** For people, such as "Apple M3" or "2 processor threads". */
  readonly description: string;
  readonly halfPrecision: boolean;
  /** Why WebGPU is not used, if it is not. */
  readonly reason?: string;
}

/** What a large model needs for a usual drawing. Times are estimates, within a factor of two. */
export interface ModelNeeds {
  /** The drawing that the figures are for: its size in pixels and its steps. */
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  /** Whether the memory is enough. */
  readonly fits: boolean;
  /** How the parts of the model share the memory. */
  readonly how: string;
  readonly peakBytes: number;
  /** Memory that the model may take, if the device tells. */
  readonly budgetBytes?: number;
  /** What would make it fit, if it does not. */
  readonly advice?: string;
  readonly loadMs: number;
  readonly drawMs: number;
}

/** The state of the model. */
export type ModelState =
  | {
      readonly status: 'loading';
      readonly doneBytes: number;
      readonly totalBytes: number;
      readonly from: 'network' | 'cache';
    }
  | {
      readonly status: 'ready';
      /** The name of the checkpoint. */
      readonly model: string;
      readonly sizeBytes: number;
      /** Side in pixels of the square pictures that the model was trained on. */
      readonly trainedSide: number;
      readonly device: DeviceReport;
      /** Sentences for the person: that the browser did not keep the weights, that adapters are missing. */
      readonly note?: string;
      /** Absent for a small model, which fits everywhere. */
      readonly needs?: ModelNeeds;
    }
  | { readonly status: 'failed'; readonly error: ErrorReport };

/** `mllm` is the multimodal language model, `vae` encodes and decodes pictures. */
export type ModelPart = 'tokenizer' | 'mllm' | 'transformer' | 'vae';

/** How a round ended. */
export type RoundOutcome =
  /** The critic accepts the picture. */
  | 'accept'
  /** The next round edits the picture with the critique as instruction. */
  | 'fix'
  /** The critic does not accept the picture, but no round is left. */
  | 'out_of_rounds'
  /** The critique is the same as in the round before. */
  | 'repeated'
  /** The critic gave no usable answer. */
  | 'unclear';

/** A finished round with its critique. */
export interface RoundReport {
  /** Counts from 1. */
  readonly round: number;
  /** The instruction that was drawn: the prompt in round 1, then the critique of the round before. */
  readonly instruction: string;
  readonly critique: string;
  readonly outcome: RoundOutcome;
  readonly drawMs: number;
  readonly critiqueMs: number;
}

/**
 * What can happen to a job, in the order of its life. Only `loading` may come at any time, because parts of
 * the model are loaded when they are first needed. The last event is `done`, `failed` or `cancelled`.
 */
export type JobEvent =
  /** The worker has the job. */
  | { readonly type: 'queued' }
  /** A part of the model is being loaded. */
  | { readonly type: 'loading'; readonly part: ModelPart }
  | { readonly type: 'encoding-prompt'; readonly round: number }
  /** Reference `index` of `count` is being encoded, from 1. */
  | {
      readonly type: 'encoding-reference';
      readonly round: number;
      readonly index: number;
      readonly count: number;
    }
  | {
      readonly type: 'denoising';
      readonly round: number;
      /** Finished steps, 0 … steps. */
      readonly step: number;
      readonly steps: number;
      /** The picture so far; absent before the first step and after the last one. */
      readonly preview?: Picture;
      readonly elapsedMs: number;
      /** Estimated time to the last step of this round; absent before the first step. */
      readonly remainingMs?: number;
    }
  | { readonly type: 'decoding'; readonly round: number }
  | { readonly type: 'picture'; readonly round: number; readonly picture: Picture; readonly drawMs: number }
  /** The critic writes; `text` is all of its critique so far. */
  | { readonly type: 'critiquing'; readonly round: number; readonly text: string }
  | { readonly type: 'round'; readonly report: RoundReport }
  /** The language model writes an answer or a reply; `text` is all of it so far. */
  | { readonly type: 'answering'; readonly text: string }
  /** The device failed. The model is loaded again, and the drawing goes on after its last step. */
  | { readonly type: 'interrupted'; readonly error: ErrorReport }
  | { readonly type: 'done'; readonly result: JobResult }
  | {
      readonly type: 'failed';
      readonly error: ErrorReport;
      /** How a drawing that lacked memory can be drawn with less: open the model with this budget. */
      readonly smallerPlan?: SmallerPlan;
    }
  /** The job was stopped; `partial` is the unfinished picture, if there is one. */
  | { readonly type: 'cancelled'; readonly partial?: Picture };

export interface SmallerPlan {
  /** Memory that the model may take, for `OmniGen2.open`. */
  readonly budgetBytes: number;
  /** How the parts of the model share the memory. */
  readonly how: string;
}

/** A box in a picture that an answer points to. */
export interface RelativeBox {
  /** Absent if the model gives none. */
  readonly label?: string;
  /** Left, top, right and bottom edge as fractions of the picture's width and height, 0 … 1. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

export type JobResult =
  | {
      readonly type: 'picture';
      /** The round whose picture is the result. */
      readonly round: number;
      /** How many rounds there were. */
      readonly rounds: number;
      /** Sentences for the person, for example that the prompt was cut. */
      readonly notes: readonly string[];
      readonly totalMs: number;
    }
  | {
      readonly type: 'answer';
      readonly text: string;
      /** False if the text reached `maxNewTokens` before it ended. */
      readonly complete: boolean;
      /** The model asks for a picture, instead of text or after it. */
      readonly draws: boolean;
      /** Places in the only picture that the question is about; empty without any. */
      readonly found: readonly RelativeBox[];
      readonly notes: readonly string[];
      readonly totalMs: number;
    }
  | {
      readonly type: 'reply';
      /** Empty if the reply is a picture alone. */
      readonly text: string;
      /** False if the text reached `maxNewTokens` before it ended. */
      readonly complete: boolean;
      /** Whether the reply has a picture. */
      readonly drew: boolean;
      readonly notes: readonly string[];
      readonly totalMs: number;
    };
