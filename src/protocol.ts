/**
 * Every message between the page and the generation worker: two discriminated unions and a version.
 *
 * The page sends {@link ToWorker}, the worker answers with {@link FromWorker}. A job is answered by events that end
 * with exactly one of `done`, `failed` or `cancelled`, a change of adapters by one `adapters`. Pictures cross as plain RGBA bytes, errors as whole reports.
 */

import type { ErrorReport } from './errors.ts';
import type { Acceleration } from './omnigen2/acceleration/acceleration.ts';
import type { RelativeBox } from './omnigen2/language/grounding.ts';
import type { Sampling } from './omnigen2/language/sampling.ts';
import type { ModelPart } from './omnigen2/model.ts';
import type { RoundOutcome, RoundReport } from './omnigen2/reflection/loop.ts';
import type { SchedulerName } from './omnigen2/schedulers/create.ts';
import type { PosteriorChoice } from './omnigen2/vae/vae.ts';

export type {
  Acceleration,
  ModelPart,
  PosteriorChoice,
  RelativeBox,
  RoundOutcome,
  RoundReport,
  Sampling,
  SchedulerName,
};

/** Raised whenever a message changes its meaning; the worker refuses a page of another version in words. */
export const PROTOCOL_VERSION = 5;

/** Names one job for as long as page and worker live. */
export type JobId = string & { readonly brand: 'JobId' };

/** Names one conversation; the worker remembers the one of the last turn. */
export type ConversationId = string & { readonly brand: 'ConversationId' };

/** Names one change of adapters. */
export type AdapterChangeId = string & { readonly brand: 'AdapterChangeId' };

/** An 8-bit sRGB picture: `data` is row-major RGBA, `4 * width * height` bytes, alpha always 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Which arithmetic unit runs the graphs. `auto` takes WebGPU where it works, else the CPU. */
export type BackendChoice = 'auto' | 'webgpu' | 'wasm';

/** Where a model is served. */
export interface ModelRef {
  readonly id: string;
  /** The folder of its bundle, as an absolute URL. */
  readonly baseUrl: string;
  /** Absolute URLs of files that are not under `baseUrl`, by path in the bundle. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The settings of one drawing. Sizes in pixels, guidance without unit. */
export interface DrawSettings {
  readonly width: number;
  readonly height: number;
  /** With exactly one reference: take that picture's size in place of `width` and `height`, as the official code does. */
  readonly alignSize: boolean;
  readonly steps: number;
  /** 0 … 2^32 - 1; the same seed gives the same picture. */
  readonly seed: number;
  readonly textGuidance: number;
  readonly imageGuidance: number;
  /** Part of the steps, as fractions 0 … 1, in which guidance is applied. */
  readonly guidanceRange: readonly [number, number];
  readonly scheduler: SchedulerName;
  /** How to draw with less work. */
  readonly acceleration: Acceleration;
  /** How much change TeaCache lets pass before it computes again: 0 for none, 0.05 where nothing is said. */
  readonly teaCacheThreshold?: number;
  /** Whether references are drawn from what the encoder gives, by the seed, or are its mean; drawn where nothing is said. */
  readonly posterior?: PosteriorChoice;
  readonly negativePrompt: string;
}

/** One request for a picture: no references is text to image, one an edit, several in-context generation. */
export interface DrawRequest {
  readonly prompt: string;
  /** The references as the files the person gave, in order; the first is "image 1". */
  readonly references: readonly Blob[];
  readonly settings: DrawSettings;
  /** How many rounds in all the model may take to check and mend its work; 1 draws once and does not look. */
  readonly rounds: number;
}

/** A question to the language model about zero or more pictures. */
export interface AskRequest {
  readonly question: string;
  readonly pictures: readonly Blob[];
  readonly maxNewTokens: number;
  /** How words are chosen by chance; without it the likeliest ones are taken. */
  readonly sampling?: Sampling;
}

/** One turn of a conversation, which the model answers in words, with a picture, or with both. */
export interface ChatRequest {
  /** An unknown one begins a new conversation, and ends the one before. */
  readonly conversation: ConversationId;
  /** How many turns of it have been replied to, as far as the page knows: a worker that knows fewer says so. */
  readonly turns: number;
  readonly text: string;
  /** What the words are about; without any, the picture drawn last in this conversation, or those given last. */
  readonly pictures: readonly Blob[];
  /** How a picture is drawn, if the reply asks for one. */
  readonly settings: DrawSettings;
  readonly maxNewTokens: number;
  readonly sampling?: Sampling;
}

/** A LoRA adapter for the transformer. */
export interface AdapterFile {
  /** How messages call it; no two of a change have the same. */
  readonly name: string;
  /** A safetensors file as trainers write it. */
  readonly file: Blob;
  /** The `adapter_config.json` that peft wrote beside it. */
  readonly settings?: Blob;
  /** 1 as it was trained, 0 not at all, negative the other way round. */
  readonly strength: number;
}

/** What the page may send. */
export type ToWorker =
  | {
      readonly type: 'open';
      readonly version: number;
      readonly model: ModelRef;
      readonly backend: BackendChoice;
    }
  | { readonly type: 'draw'; readonly job: JobId; readonly request: DrawRequest }
  | { readonly type: 'ask'; readonly job: JobId; readonly request: AskRequest }
  | { readonly type: 'chat'; readonly job: JobId; readonly request: ChatRequest }
  | { readonly type: 'cancel'; readonly job: JobId }
  /** Frees what the worker holds of a conversation, none of whose turns may follow. */
  | { readonly type: 'end'; readonly conversation: ConversationId }
  /** Before the next job the model gets these adapters in place of all that it has. */
  | {
      readonly type: 'adapters';
      readonly change: AdapterChangeId;
      readonly adapters: readonly AdapterFile[];
    };

/** What the worker may send. */
export type FromWorker =
  | { readonly type: 'model'; readonly state: ModelState }
  | { readonly type: 'job'; readonly job: JobId; readonly event: JobEvent }
  /** How a change of adapters ended; while it went on, the model was `loading`. */
  | { readonly type: 'adapters'; readonly change: AdapterChangeId; readonly outcome: AdapterOutcome };

/** Either the model has the new adapters, or those from before and a reason. */
export type AdapterOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'failed'; readonly error: ErrorReport };

/** The life of the model in the worker. */
export type ModelState =
  | {
      readonly status: 'loading';
      readonly doneBytes: number;
      readonly totalBytes: number;
      readonly from: 'network' | 'cache';
    }
  | {
      readonly status: 'ready';
      readonly model: string;
      readonly sizeBytes: number;
      /** Side in pixels of the square that the model has learnt to draw. */
      readonly trainedSide: number;
      readonly device: DeviceReport;
      /** What the person should know of the model, in sentences: that the browser did not keep the weights, that adapters are missing. */
      readonly note?: string;
    }
  | { readonly status: 'failed'; readonly error: ErrorReport };

/** What the graphs run on, in words a person can read. */
export interface DeviceReport {
  readonly backend: 'webgpu' | 'wasm';
  /** For example "Apple M3" or "2 processor threads". */
  readonly description: string;
  readonly halfPrecision: boolean;
  /** Why WebGPU is not used, if it was not. */
  readonly reason?: string;
}

/**
 * Everything that can happen to a job, in order of its life, but `preparing`, which may come at any time: parts open when
 * they are first needed. `queued`: the worker has it (the page keeps a queue of its own before that). `round` counts from
 * 1. A finished picture crosses once, with the event `picture`: later events name its round.
 */
export type JobEvent =
  | { readonly type: 'queued' }
  /** The model's weights are being brought in and its graphs opened. */
  | { readonly type: 'preparing'; readonly part: ModelPart }
  /** The prompt is read by the language model. */
  | { readonly type: 'reading'; readonly round: number }
  /** Reference `index` of `count` (from 1) is encoded. */
  | { readonly type: 'encoding'; readonly round: number; readonly index: number; readonly count: number }
  | {
      readonly type: 'denoising';
      readonly round: number;
      /** Steps finished, 0 … steps. */
      readonly step: number;
      readonly steps: number;
      /** What the picture looks like so far; absent before the first step. */
      readonly preview?: Picture;
      readonly elapsedMs: number;
      /** Estimated time to the end of this round's drawing; absent before the first step. */
      readonly remainingMs?: number;
    }
  | { readonly type: 'decoding'; readonly round: number }
  | { readonly type: 'picture'; readonly round: number; readonly picture: Picture; readonly drawMs: number }
  /** The critic is writing; `text` is all it has written so far in this round. */
  | { readonly type: 'reflecting'; readonly round: number; readonly text: string }
  | { readonly type: 'round'; readonly report: RoundReport }
  /** The answer to a question or a turn; `text` is all of it so far. */
  | { readonly type: 'answering'; readonly text: string }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'failed'; readonly error: ErrorReport }
  /** The person stopped the job; `partial` is what was on the easel, if anything. */
  | { readonly type: 'cancelled'; readonly partial?: Picture };

export type JobResult =
  | {
      readonly type: 'picture';
      /** The round whose picture is the result. */
      readonly round: number;
      readonly rounds: number;
      /** What the person should know, in sentences: that the prompt was cut, that a first frame was used. */
      readonly notes: readonly string[];
      readonly totalMs: number;
    }
  | {
      readonly type: 'answer';
      readonly text: string;
      /** False if the words were cut because they did not end within their tokens. */
      readonly complete: boolean;
      /** The model asks for a picture instead of, or after, words. */
      readonly draws: boolean;
      /** Where in the one picture that was asked about the answer points; empty where it only has words. */
      readonly found: readonly RelativeBox[];
      readonly notes: readonly string[];
      readonly totalMs: number;
    }
  | {
      readonly type: 'reply';
      /** Empty where the picture says it all. */
      readonly text: string;
      /** False if the words were cut because they did not end within their tokens. */
      readonly complete: boolean;
      /** Whether a picture was drawn; it came with the event `picture`. */
      readonly drew: boolean;
      readonly notes: readonly string[];
      readonly totalMs: number;
    };
