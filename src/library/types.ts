/** What a page gives to the library and gets from it. */

import type {
  BackendChoice,
  DrawSettings,
  JobEvent,
  JobResult,
  ModelState,
  Picture,
  RoundReport,
  Sampling,
} from '../protocol.ts';

export interface OpenOptions {
  /** Folder of a served model, with its `manifest.json`; by default the one that comes with this library. */
  readonly model?: string | URL;
  /** `auto` takes WebGPU where it works, else the processor. */
  readonly backend?: BackendChoice;
  /** Told of every state: how much is loaded, what it runs on, what went wrong. */
  readonly onState?: (state: ModelState) => void;
  readonly signal?: AbortSignal;
}

/** What every job takes. */
export interface JobOptions {
  /** Ends the job within one step or word; it is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of everything that happens: steps with previews, rounds, words as they are written. */
  readonly onEvent?: (event: JobEvent) => void;
}

/** Settings of a drawing. What is not said takes the studio's usual value. */
export type DrawChoices = Partial<DrawSettings>;

/** How words are chosen. What is not said: temperature 1, topP 1, and a seed by chance, which is not told: give one to get the same words again. */
export type SamplingChoices = Partial<Sampling>;

export interface DrawOptions extends JobOptions {
  /** Picture files. None: text to image. One: an edit. Several, up to five: in-context; the first is "image 1". */
  readonly references?: readonly Blob[];
  /** How many rounds in all the model may take to check and mend its work; 1 draws once and does not look. */
  readonly rounds?: number;
  readonly settings?: DrawChoices;
}

export interface Drawn {
  readonly picture: Picture;
  /** The settings it was drawn with, the seed among them: the same again give the same picture. */
  readonly settings: DrawSettings;
  /** One report a round; empty where the model did not look at its work. */
  readonly rounds: readonly RoundReport[];
  /** What the person should know, in sentences. */
  readonly notes: readonly string[];
  readonly totalMs: number;
}

export interface AskOptions extends JobOptions {
  /** Picture files that the words are about; the first is "image 1". */
  readonly pictures?: readonly Blob[];
  /** 256, if it is not said. */
  readonly maxNewTokens?: number;
  /** How words are chosen by chance; without it the likeliest ones are taken. */
  readonly sampling?: SamplingChoices;
}

export type Answer = Omit<Extract<JobResult, { type: 'answer' }>, 'type'>;

export interface SayOptions extends AskOptions {
  /** How a picture is drawn, if the reply asks for one. */
  readonly settings?: DrawChoices;
}

export interface Reply extends Omit<Extract<JobResult, { type: 'reply' }>, 'type'> {
  /** What was drawn, if the reply asked for it. */
  readonly picture?: Picture;
  readonly settings: DrawSettings;
}

/** A conversation: each turn reads only what is new. One lives at a time; a second begins with its first turn and ends the first. */
export interface Conversation {
  /**
   * Says something, about pictures or without any: then it is about the picture drawn last, or those given last. `notes`
   * say so if the model no longer knows what was said before.
   * @throws OmniError for what cannot be said or drawn, and after the end; the signal's reason after an abort
   */
  say(text: string, options?: SayOptions): Promise<Reply>;
  /** Ends it, after the turns that were asked for, and frees the memory that it takes. */
  end(): void;
}

/** A LoRA adapter for the transformer. */
export interface AdapterOptions {
  /** A safetensors file as trainers write it. */
  readonly file: Blob;
  /** The `adapter_config.json` that peft wrote beside it. */
  readonly settings?: Blob;
  /** 1, if it is not said: as it was trained. 0: not at all; negative: the other way round. */
  readonly strength?: number;
  /** How errors call it; by default as its file, numbered where several are called alike. */
  readonly name?: string;
}
