/**
 * Every message between the page and the worker: a zod schema for each direction, from which the types are
 * inferred, and a version.
 *
 * The page sends {@link ToWorker}, the worker answers with {@link FromWorker}. A job is answered by events,
 * the last of which is `done`, `failed` or `cancelled`; a change of adapters by one `adapters`. Pictures
 * cross as plain RGBA bytes, errors as whole reports. Schemas check pixels and files by their class alone and
 * never copy them.
 */

import * as z from 'zod/mini';
import {
  drawingSnapshot,
  errorReport,
  fields,
  list,
  milliseconds,
  notes,
  picture,
  round,
  roundReport,
  smallerPlan,
  text,
} from './protocol-values.ts';
import { MAX_NEW_TOKENS, samplingSchema } from './settings/answer-settings.ts';
import { drawSettingsSchema } from './settings/draw-settings.ts';
import { ADAPTER_STRENGTH, ROUNDS } from './settings/job-settings.ts';
import { tagOf } from './settings/value-words.ts';

export type {
  DrawingSnapshot,
  Picture,
  RoundOutcome,
  RoundReport,
  SmallerPlan,
} from './protocol-values.ts';
export { errorReport, fields, list } from './protocol-values.ts';

/** Raised whenever a message changes its meaning. Page and worker tell each other theirs. */
export const PROTOCOL_VERSION = 7;

/** Names one job for as long as page and worker live. */
export type JobId = string & { readonly brand: 'JobId' };

/** Names one conversation. The worker holds the one of the last turn. */
export type ConversationId = string & { readonly brand: 'ConversationId' };

/** Names one change of adapters. */
export type AdapterChangeId = string & { readonly brand: 'AdapterChangeId' };

const isText = (value: unknown) => typeof value === 'string';
export const jobId = z.custom<JobId>(isText, 'the name of a job');
const conversationId = z.custom<ConversationId>(isText, 'the name of a conversation');
const changeId = z.custom<AdapterChangeId>(isText, 'the name of a change of adapters');

/** A file in the browser, also one of another frame. */
export const isFile = (value: unknown) => ['Blob', 'File'].includes(tagOf(value));
const file = z.custom<Blob>(isFile, 'a file (Blob or File)');
const files = list(file);
/** A file of a picked folder. `path` is relative to the folder, with `/`. */
const folderFile = fields({ path: text, file });

/** A folder that the browser lets the page read. */
const directory = z.custom<FileSystemDirectoryHandle>(
  (value) => tagOf(value) === 'FileSystemDirectoryHandle',
  'a folder (FileSystemDirectoryHandle)',
);

const pickedFiles = fields({ kind: z.literal('files'), name: text, files: list(folderFile) });
const pickedDirectory = fields({ kind: z.literal('directory'), name: text, directory });

/**
 * A folder that a person picked or dropped: its files, or the folder itself where the browser gives it to the
 * page. Both are read in place.
 */
export const folderSource = z.discriminatedUnion('kind', [pickedFiles, pickedDirectory]);
export type FolderSource = z.infer<typeof folderSource>;

/** `name` is what the model is called in messages. */
const modelSource = z.discriminatedUnion('kind', [
  /** A bundle that is served with its manifest. */
  fields({
    kind: z.literal('bundle'),
    name: text,
    /** Its folder, as an absolute URL. */
    baseUrl: text,
    /** Absolute URLs of files that are not under `baseUrl`, by path in the bundle. */
    files: z.optional(z.readonly(z.record(text, text))),
  }),
  /** A model in the browser's storage. */
  fields({ kind: z.literal('installed'), name: text, id: text }),
  pickedFiles,
  pickedDirectory,
]);
/** Where a model comes from. */
export type ModelSource = z.infer<typeof modelSource>;
/** A file of a picked folder. */
export type PickedFile = z.infer<typeof folderFile>;

export const BACKEND_CHOICES = ['auto', 'webgpu', 'wasm'] as const;
/** What runs the graphs. `auto` takes WebGPU if it works, else WebAssembly on the CPU. */
export type BackendChoice = (typeof BACKEND_CHOICES)[number];

const drawRequest = fields({
  prompt: text,
  /** The files that the person gave, in order; the first is "image 1". */
  references: files,
  settings: drawSettingsSchema,
  rounds: ROUNDS.schema,
});
/** A request for a picture. No references: text to image; one: an edit; several: in-context generation. */
export type DrawRequest = z.infer<typeof drawRequest>;

const askRequest = fields({
  question: text,
  pictures: files,
  maxNewTokens: MAX_NEW_TOKENS.schema,
  /** Without it each token is the likeliest one. */
  sampling: z.optional(samplingSchema),
});
/** A question to the language model about zero or more pictures, without history. */
export type AskRequest = z.infer<typeof askRequest>;

const turnRequest = fields({
  /** An unknown one begins a new conversation and ends the one before. */
  conversation: conversationId,
  /**
   * How many turns of it have a reply, as far as the page knows. A worker that knows fewer says so in a
   * note.
   */
  turns: z.int(),
  text,
  /**
   * Without pictures the turn is about the picture drawn last in this conversation, or about those given
   * last.
   */
  pictures: files,
  /** How a picture is drawn if the reply asks for one. */
  settings: drawSettingsSchema,
  maxNewTokens: MAX_NEW_TOKENS.schema,
  sampling: z.optional(samplingSchema),
});
/** One turn of a conversation. The reply is text, a picture, or both. */
export type TurnRequest = z.infer<typeof turnRequest>;

const adapterFile = fields({
  /** The name in messages. Names within a change differ. */
  name: text,
  /** A safetensors file as trainers write it. */
  file,
  /** The `adapter_config.json` that peft wrote beside it. */
  settings: z.optional(file),
  /** The worker checks its limits, because its error names the adapter. */
  strength: z.custom<number>((value) => typeof value === 'number', ADAPTER_STRENGTH.kind),
});
/** A LoRA adapter for the transformer. */
export type AdapterFile = z.infer<typeof adapterFile>;

/** What the page may send. */
export const toWorkerSchema = z.discriminatedUnion('type', [
  /** Loads a model. The first message of a page. */
  fields({
    type: z.literal('open'),
    version: z.literal(PROTOCOL_VERSION),
    model: modelSource,
    backend: z.enum(BACKEND_CHOICES),
    /** Memory that the model may take. Default: what the device is known to have. */
    budgetBytes: z.optional(z.number()),
  }),
  /** Draws, or goes on from a snapshot of the same request. */
  fields({
    type: z.literal('draw'),
    job: jobId,
    request: drawRequest,
    snapshot: z.optional(drawingSnapshot),
  }),
  fields({ type: z.literal('ask'), job: jobId, request: askRequest }),
  fields({ type: z.literal('turn'), job: jobId, request: turnRequest }),
  /** Measures the device on layers with the widths of the released model. */
  fields({
    type: z.literal('measure'),
    job: jobId,
    /** A stage is left out if it would take longer than this. Default: 20 seconds */
    stageMs: z.optional(milliseconds),
  }),
  fields({ type: z.literal('cancel'), job: jobId }),
  /** Frees the memory of a conversation. It gets no further turns. */
  fields({ type: z.literal('end'), conversation: conversationId }),
  /** Replaces all adapters of the model before the next job. */
  fields({ type: z.literal('adapters'), change: changeId, adapters: list(adapterFile) }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

/** The first message of a page of any version. */
export const openOfAnyVersion = z.looseObject({ type: z.literal('open'), version: z.unknown() });

const modelPart = z.enum(['tokenizer', 'mllm', 'transformer', 'vae']);
export type ModelPart = z.infer<typeof modelPart>;

const deviceReport = fields({
  backend: z.enum(['webgpu', 'wasm']),
  /** For people, such as "Apple M3" or "2 processor threads". */
  description: text,
  halfPrecision: z.boolean(),
  /** Why WebGPU is not used, if it is not. */
  reason: z.optional(text),
});
/** The device that runs the graphs. */
export type DeviceReport = z.infer<typeof deviceReport>;

const modelNeeds = fields({
  /** The drawing that the figures are for: its size in pixels and its steps. */
  width: z.int(),
  height: z.int(),
  steps: z.int(),
  /** Whether the memory is enough. */
  fits: z.boolean(),
  /** How the parts of the model share the memory. */
  how: text,
  peakBytes: z.number(),
  /** Memory that the model may take, if the device tells. */
  budgetBytes: z.optional(z.number()),
  /** What would make it fit, if it does not. */
  advice: z.optional(text),
  /** Estimates, within a factor of two. */
  loadMs: milliseconds,
  drawMs: milliseconds,
});
/** What a large model needs for a usual drawing. */
export type ModelNeeds = z.infer<typeof modelNeeds>;

const failure = fields({ status: z.literal('failed'), error: errorReport });

const modelState = z.discriminatedUnion('status', [
  fields({
    status: z.literal('loading'),
    doneBytes: z.number(),
    totalBytes: z.number(),
    from: z.enum(['network', 'cache']),
  }),
  fields({
    status: z.literal('ready'),
    model: text,
    sizeBytes: z.number(),
    /** Side in pixels of the square pictures that the model was trained on. */
    trainedSide: z.int(),
    device: deviceReport,
    /** Sentences for the person: that the browser did not keep the weights, that adapters are missing. */
    note: z.optional(text),
    /** Absent for a small model, which fits everywhere. */
    needs: z.optional(modelNeeds),
  }),
  failure,
]);
/** The state of the model in the worker. */
export type ModelState = z.infer<typeof modelState>;

const adapterOutcome = z.discriminatedUnion('status', [fields({ status: z.literal('done') }), failure]);
/** The end of a change of adapters. If it failed, the model keeps the adapters that it had. */
export type AdapterOutcome = z.infer<typeof adapterOutcome>;

const relativeBox = fields({
  /** Absent if the model gives none. */
  label: z.optional(text),
  /** Left, top, right and bottom edge as fractions of the picture's width and height, 0 … 1. */
  box: z.readonly(z.tuple([z.number(), z.number(), z.number(), z.number()])),
});
/** A box in a picture that an answer points to. */
export type RelativeBox = z.infer<typeof relativeBox>;

/** The text of an answer or a reply, and the time that the job took. */
const written = {
  text,
  /** False if the text reached its most tokens before it ended. */
  complete: z.boolean(),
  notes,
  totalMs: milliseconds,
};

export const jobResult = z.discriminatedUnion('type', [
  fields({
    type: z.literal('picture'),
    /** The round whose picture is the result. */
    round,
    /** How many rounds there were. */
    rounds: z.int(),
    notes,
    totalMs: milliseconds,
  }),
  fields({
    type: z.literal('answer'),
    ...written,
    /** The model asks for a picture, instead of text or after it. */
    draws: z.boolean(),
    /** Places in the only picture that the question is about; empty without any. */
    found: list(relativeBox),
  }),
  fields({
    type: z.literal('reply'),
    ...written,
    /** Whether the reply has a picture, which came with the event `picture`. */
    drew: z.boolean(),
  }),
]);
export type JobResult = z.infer<typeof jobResult>;

const event = <Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) =>
  fields({ type: z.literal(type), ...shape });

const jobEvent = z.discriminatedUnion('type', [
  /** The worker has the job. The page has a queue of its own before that. */
  event('queued', {}),
  /**
   * A part of the model is being loaded. May come at any time: parts are loaded when they are first needed.
   */
  event('loading', { part: modelPart }),
  event('encoding-prompt', { round }),
  /** Reference `index` of `count` is being encoded, from 1. */
  event('encoding-reference', { round, index: z.int(), count: z.int() }),
  event('denoising', {
    round,
    /** Finished steps, 0 … steps. */
    step: z.int(),
    steps: z.int(),
    /** Absent before the first step and after the last one. */
    preview: z.optional(picture),
    elapsedMs: milliseconds,
    /** Estimated time to the last step of this round; absent before the first step. */
    remainingMs: z.optional(milliseconds),
  }),
  event('decoding', { round }),
  /** A finished picture. It crosses once: later events name its round. */
  event('picture', { round, picture, drawMs: milliseconds }),
  /** The critic writes; `text` is all of its critique so far. */
  event('critiquing', { round, text }),
  event('round', { report: roundReport }),
  /** The language model writes an answer or a reply; `text` is all of it so far. */
  event('answering', { text }),
  /** The device failed, and a draw job goes on after its last step when the model has loaded again. */
  event('interrupted', { error: errorReport }),
  event('done', { result: jobResult }),
  event('failed', {
    error: errorReport,
    /** How a drawing that lacked memory can go on with less. */
    smallerPlan: z.optional(smallerPlan),
  }),
  /** The person stopped the job; `partial` is the unfinished picture, if there is one. */
  event('cancelled', { partial: z.optional(picture) }),
]);
/** What can happen to a job, in the order of its life. */
export type JobEvent = z.infer<typeof jobEvent>;

const LAST_EVENTS: readonly string[] = ['done', 'failed', 'cancelled'] satisfies JobEvent['type'][];

/** Whether nothing more happens to the job after an event of this type. */
export function isLastEvent({ type }: { readonly type: string }): boolean {
  return LAST_EVENTS.includes(type);
}

const table = fields({ caption: text, columns: list(text), rows: list(list(text)) });

const measurementReport = fields({
  /** Sentences about the device. */
  sentences: notes,
  tables: list(table),
  /** All figures, as a person can send them. */
  json: text,
});
/** What a measurement of the device found. */
export type MeasurementReport = z.infer<typeof measurementReport>;

const measurementEvent = z.discriminatedUnion('type', [
  /** A stage begins; `done` of `total` stages are finished. */
  event('stage', { stage: text, done: z.int(), total: z.int() }),
  event('report', { report: measurementReport }),
]);
/** The progress of a measurement, and its end. */
export type MeasurementEvent = z.infer<typeof measurementEvent>;

/** What the worker may send. */
export const fromWorkerSchema = z.discriminatedUnion('type', [
  /** The answer to `open`, before anything else. */
  event('version', { version: z.number() }),
  event('model', { state: modelState }),
  /**
   * All jobs have ended, and the memory of this worker cannot be used any more. The page starts another one.
   */
  event('restart', {}),
  event('job', { job: jobId, event: jobEvent }),
  /** A measurement has these besides the events of a job, and ends with `report` in place of `done`. */
  event('measurement', { job: jobId, event: measurementEvent }),
  /** The state of a draw job: before the first step, after each step, picture and round. */
  event('snapshot', { job: jobId, snapshot: drawingSnapshot }),
  /** The end of a change of adapters. While it went on, the model was `loading`. */
  event('adapters', { change: changeId, outcome: adapterOutcome }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;

/** The first message of a worker of any version from 6 on. */
export const versionOfWorker = z.looseObject({ type: z.literal('version'), version: z.unknown() });
