/** What a page passes to the library and gets from it. Sizes in pixels, times in milliseconds. */

import type { JobEvent, JobResult, ModelState, Picture, RoundReport } from './events.ts';

/** What runs the model. `auto` takes WebGPU if it works, else WebAssembly on the CPU. */
export type BackendChoice = 'auto' | 'webgpu' | 'wasm';

export interface OpenOptions {
  /**
   * The address of a folder with a converted checkpoint and its `manifest.json`, relative to the page; or a
   * folder with a checkpoint that the person picked: its handle, or the files of `<input webkitdirectory>`,
   * which are read in place. Default: the built-in model of this library.
   */
  readonly model?: string | URL | FileSystemDirectoryHandle | readonly File[];
  /** Default: `auto`. */
  readonly backend?: BackendChoice;
  /**
   * Memory that the model may take, in bytes. Less makes it slower: its parts are loaded in turn. Default:
   * what the device is known to have.
   */
  readonly budgetBytes?: number;
  /** Called with every state of the model: how much is loaded, on what it runs, what failed. */
  readonly onState?: (state: ModelState) => void;
  /** Stops the loading. `OmniGen2.open` then rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Options of every job. */
export interface JobOptions {
  /** Stops the job within one step or token. Its promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with every event of the job: steps with previews, rounds, text as it is generated. */
  readonly onEvent?: (event: JobEvent) => void;
}

export type SchedulerName = 'euler' | 'dpmsolver++';
export type Acceleration = 'none' | 'teacache' | 'taylorseer';
export type PosteriorChoice = 'sample' | 'mean';

/** All settings of one drawing. */
export interface DrawSettings {
  /** 16 … 4096 pixels. Default: the side that the model was trained at. */
  readonly width: number;
  /** 16 … 4096 pixels. Default: the side that the model was trained at. */
  readonly height: number;
  /**
   * With exactly one reference, draws at its size; width and height only limit the area. Default: true, or
   * false if width or height is given.
   */
  readonly alignSize: boolean;
  /** Denoising steps, 1 … 1000. More are slower and cleaner. Default: 20. */
  readonly steps: number;
  /** 0 … 2^32 - 1. The same seed and settings give the same picture. Default: random. */
  readonly seed: number;
  /** How closely to follow the prompt, 0 … 100. Up to 1 there is no guidance, which is faster. Default: 4. */
  readonly textGuidance: number;
  /** How closely to follow the references, 0 … 100. Up to 1 there is no guidance. Default: 2. */
  readonly imageGuidance: number;
  /** Start and end of the steps with guidance, as fractions 0 … 1 of all steps. Default: [0, 0.6]. */
  readonly guidanceRange: readonly [start: number, end: number];
  /** Default: `euler`. */
  readonly scheduler: SchedulerName;
  /**
   * Skips layers whose result changes little, which is faster and slightly less exact. TaylorSeer needs 20
   * steps or more. Default: `none`.
   */
  readonly acceleration: Acceleration;
  /** How much change TeaCache ignores, 0 … 10. A higher threshold skips more. Default: 0.05. */
  readonly teaCacheThreshold: number;
  /**
   * Encodes references as a sample drawn by the seed, or as the mean, which is the same for every seed.
   * Default: `sample`.
   */
  readonly posterior: PosteriorChoice;
  /** What to keep out of the picture. Default: nothing. */
  readonly negativePrompt: string;
}

/** How tokens are sampled. */
export interface Sampling {
  /** 0 … 100. Below 1 likely tokens become likelier; 0 takes the likeliest. Default: 1. */
  readonly temperature: number;
  /** 0 … 1. Samples from the likeliest tokens that together have this probability. Default: 1. */
  readonly topP: number;
  /** 0 … 2^32 - 1. The same seed gives the same text. Default: random, and not returned. */
  readonly seed: number;
}

export interface DrawOptions extends JobOptions {
  /**
   * Picture files, up to five; the first is "image 1". None: text to image. One: an edit. Several: in-context
   * generation.
   */
  readonly references?: readonly Blob[];
  /**
   * How many rounds the model may take, 1 … 20. After each round it criticizes the picture, and the next
   * round fixes it. Default: 1, without a critique.
   */
  readonly rounds?: number;
  readonly settings?: Partial<DrawSettings>;
}

export interface Drawn {
  readonly picture: Picture;
  /** The complete settings, with the seed. Drawing with them again gives the same picture. */
  readonly settings: DrawSettings;
  /** One report for each round with a critique; empty with one round. */
  readonly rounds: readonly RoundReport[];
  /** Sentences for the person, for example that the prompt was cut. */
  readonly notes: readonly string[];
  readonly totalMs: number;
}

export interface AskOptions extends JobOptions {
  /** Picture files that the text is about; the first is "image 1". */
  readonly pictures?: readonly Blob[];
  /** 1 … 32,768 tokens. Default: 256. */
  readonly maxNewTokens?: number;
  /** Default: no sampling, the likeliest token every time. */
  readonly sampling?: Partial<Sampling>;
}

export type Answer = Omit<Extract<JobResult, { type: 'answer' }>, 'type'>;

export interface SayOptions extends AskOptions {
  /** How a picture is drawn if the reply asks for one. */
  readonly settings?: Partial<DrawSettings>;
}

export interface Reply extends Omit<Extract<JobResult, { type: 'reply' }>, 'type'> {
  /** The picture of the reply, if it asked for one. */
  readonly picture?: Picture;
  /** The complete settings that the picture was drawn with. */
  readonly settings: DrawSettings;
}

/**
 * A conversation. Its turns share one key/value cache, so each turn costs its own tokens alone. The model
 * holds one conversation at a time: the first turn of another one ends it.
 */
export interface Conversation {
  /**
   * Sends one turn. Without pictures it is about the picture drawn last in this conversation, or about those
   * given last. If the model no longer knows the earlier turns, `notes` say so.
   *
   * @example
   * const conversation = model.conversation();
   * const { picture } = await conversation.say('Draw a red house.');
   * const { text } = await conversation.say('What is in the picture?');
   *
   * @throws OmniError `bad_request` or `bad_image` for a turn that cannot be answered, and after the end of
   *   the conversation; the signal's reason after an abort; the reason given to `dispose`
   */
  say(text: string, options?: SayOptions): Promise<Reply>;
  /** Ends the conversation after its pending turns and frees its memory. */
  end(): void;
}

/** A LoRA adapter for the transformer. */
export interface AdapterOptions {
  /** A safetensors file as trainers write it. */
  readonly file: Blob;
  /** The `adapter_config.json` that peft wrote beside the file. */
  readonly settings?: Blob;
  /** -100 … 100: 1 as it was trained, 0 no effect, negative the opposite effect. Default: 1. */
  readonly strength?: number;
  /** The name in error messages. Default: that of the file, numbered if several files have the same name. */
  readonly name?: string;
}
