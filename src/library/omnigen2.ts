/**
 * OmniGen2 for any web page: opens a model in a worker of its own, draws, edits and answers. Nothing leaves the machine.
 * How to use it: docs/LIBRARY.md
 */

import { type ErrorReport, OmniError } from '../errors.ts';
import type {
  AdapterChangeId,
  AdapterOutcome,
  BackendChoice,
  ConversationId,
  DrawSettings,
  JobEvent,
  JobId,
  JobResult,
  ModelState,
  Picture,
  RoundReport,
  Sampling,
} from '../protocol.ts';
import { createWorkerClient, spawnGenerationWorker, type WorkerClient } from '../worker-client.ts';

export type { DrawSettings, ErrorReport, JobEvent, ModelState, Picture, RoundReport, Sampling };
export { OmniError };

export interface OpenOptions {
  /** Folder of a served model, with its `manifest.json`; by default the one that comes with this library. */
  readonly model?: string | URL;
  /** `auto` takes WebGPU where it works, else the processor. */
  readonly backend?: BackendChoice;
  /** Told of every state: how much is loaded, what it runs on, what went wrong. */
  readonly onState?: (state: ModelState) => void;
  readonly signal?: AbortSignal;
}

/** What to draw. Only the prompt must be said. */
export interface DrawOptions extends Partial<DrawSettings> {
  readonly prompt: string;
  /** Picture files. None: text to image. One: an edit. Several, up to five: in-context; the first is "image 1". */
  readonly references?: readonly Blob[];
  /** How many rounds in all the model may take to check and mend its work. */
  readonly rounds?: number;
}

export interface JobHooks {
  /** Ends the job within one step; what it would have given is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of everything that happens: steps with previews, rounds, words as they are written. */
  readonly onEvent?: (event: JobEvent) => void;
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

export interface AskOptions extends JobHooks {
  /** Picture files that the question is about; the first is "image 1". */
  readonly pictures?: readonly Blob[];
  readonly maxNewTokens?: number;
  /** How words are chosen by chance; without it the likeliest ones are taken. */
  readonly sampling?: Sampling;
}

export type Answer = Omit<Extract<JobResult, { type: 'answer' }>, 'type'>;

/** One turn of a conversation. What is not said of a drawing is as in {@link DrawOptions}. */
export interface TurnOptions extends AskOptions {
  readonly settings?: Partial<DrawSettings>;
}

export interface Reply extends Omit<Extract<JobResult, { type: 'reply' }>, 'type'> {
  /** What was drawn, if the reply asked for it. */
  readonly picture?: Picture;
  readonly settings: DrawSettings;
}

/** A conversation: each turn reads only what is new. One lives at a time; a second begins with its first turn and ends the first. */
export interface Conversation {
  /**
   * Says something, about pictures or without any: then it is about the picture drawn last, or those given last.
   * @throws OmniError for what cannot be said or drawn; the signal's reason after an abort
   */
  say(text: string, options?: TurnOptions): Promise<Reply>;
}

/** A LoRA adapter for the transformer. */
export interface AdapterOptions {
  /** A safetensors file as trainers write it. */
  readonly file: Blob;
  /** The `adapter_config.json` that peft wrote beside it. */
  readonly settings?: Blob;
  /** 1, if it is not said: as it was trained. 0: not at all; negative: the other way round. */
  readonly strength?: number;
  /** How errors call it; by default as its file. */
  readonly name?: string;
}

/** How many tokens an answer has at most, where nobody says. */
const MAX_NEW_TOKENS = 256;

type Ready = Extract<ModelState, { status: 'ready' }>;

/** One job between its request and its end. */
interface Pending {
  readonly resolve: (result: JobResult) => void;
  readonly reject: (reason: unknown) => void;
  readonly onEvent: (event: JobEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/** An opened model. Jobs run one after another, in the order in which they were asked for. */
export class OmniGen2 {
  readonly #client: WorkerClient;
  readonly #jobs = new Map<JobId, Pending>();
  readonly #changes = new Map<AdapterChangeId, { resolve: () => void; reject: (reason: unknown) => void }>();
  readonly #ready: Promise<Ready>;

  private constructor({ model, backend = 'auto', onState }: OpenOptions) {
    let settle: { resolve: (state: Ready) => void; reject: (reason: unknown) => void } | undefined;
    this.#ready = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#client = createWorkerClient(
      {
        model: (state) => {
          onState?.(state);
          if (state.status === 'ready') settle?.resolve(state);
          if (state.status === 'failed') settle?.reject(new OmniError(state.error));
        },
        job: (id, event) => this.#receive(id, event),
        adapters: (change, outcome) => this.#settle(change, outcome),
        crashed: (error) => {
          settle?.reject(new OmniError(error));
          this.#endAll(new OmniError(error));
        },
      },
      spawnGenerationWorker,
    );
    const folder = new URL(model ?? 'models/storybook/', model ? document.baseURI : import.meta.url);
    if (!folder.pathname.endsWith('/')) folder.pathname += '/';
    this.#client.open({ id: folder.pathname.split('/').at(-2) ?? 'model', baseUrl: folder.href }, backend);
  }

  /**
   * Starts the worker and loads the model; a second visit finds the weights in the browser.
   * @throws OmniError for what cannot be loaded; the signal's reason after an abort
   */
  static async open(options: OpenOptions = {}): Promise<OmniGen2> {
    options.signal?.throwIfAborted();
    const opened = new OmniGen2(options);
    const stop = () => opened.dispose(options.signal?.reason);
    options.signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([opened.#ready, rejectedBy(options.signal)]);
      return opened;
    } catch (error) {
      opened.dispose(error);
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', stop);
    }
  }

  /**
   * Draws one picture, in as many rounds as it is given.
   * @throws OmniError for what cannot be drawn; the signal's reason after an abort
   */
  async draw(
    { prompt, references = [], rounds = 1, ...given }: DrawOptions,
    hooks: JobHooks = {},
  ): Promise<Drawn> {
    const settings = { ...usualSettings(await this.#ready, given), ...withoutGaps(given) };
    const pictures = new Map<number, Picture>();
    const reports: RoundReport[] = [];
    const result = await this.#run(
      (id) => this.#client.draw(id, { prompt, references, rounds, settings }),
      hooks,
      (event) => {
        if (event.type === 'picture') pictures.set(event.round, event.picture);
        if (event.type === 'round') reports.push(event.report);
      },
    );
    const picture = result.type === 'picture' ? pictures.get(result.round) : undefined;
    if (result.type !== 'picture' || !picture) throw new Error('a drawing ended without a picture');
    return { picture, settings, rounds: reports, notes: result.notes, totalMs: result.totalMs };
  }

  /**
   * Asks the language model, about pictures or without any.
   * @throws OmniError for what cannot be asked; the signal's reason after an abort
   */
  async ask(
    question: string,
    { pictures = [], maxNewTokens = MAX_NEW_TOKENS, sampling, ...hooks }: AskOptions = {},
  ): Promise<Answer> {
    const result = await this.#run(
      (id) => this.#client.ask(id, { question, pictures, maxNewTokens, sampling }),
      hooks,
    );
    if (result.type !== 'answer') throw new Error('a question ended without an answer');
    const { type: _, ...answer } = result;
    return answer;
  }

  /** Begins a conversation, in which the model answers in words, with a picture, or with both. */
  conversation(): Conversation {
    const conversation = crypto.randomUUID() as string as ConversationId;
    return { say: (text, options) => this.#say(conversation, text, options) };
  }

  async #say(
    conversation: ConversationId,
    text: string,
    {
      pictures = [],
      maxNewTokens = MAX_NEW_TOKENS,
      sampling,
      settings: given = {},
      ...hooks
    }: TurnOptions = {},
  ): Promise<Reply> {
    const settings = { ...usualSettings(await this.#ready, given), ...withoutGaps(given) };
    let picture: Picture | undefined;
    const result = await this.#run(
      (id) => this.#client.chat(id, { conversation, text, pictures, settings, maxNewTokens, sampling }),
      hooks,
      (event) => {
        if (event.type === 'picture') picture = event.picture;
      },
    );
    if (result.type !== 'reply') throw new Error('a turn ended without a reply');
    const { type: _, ...reply } = result;
    return { ...reply, picture, settings };
  }

  /**
   * Gives the model these LoRA adapters in place of all that it has, before the next job; none takes them all off.
   * @throws OmniError for adapters that cannot be used; the model then keeps those that it had
   */
  async setAdapters(adapters: readonly AdapterOptions[]): Promise<void> {
    await this.#ready;
    const change = crypto.randomUUID() as string as AdapterChangeId;
    const files = adapters.map(({ file, settings, strength = 1, name }, i) => ({
      name: name ?? (file instanceof File ? file.name : `adapter ${i + 1}`),
      file,
      settings,
      strength,
    }));
    await new Promise<void>((resolve, reject) => {
      this.#changes.set(change, { resolve, reject });
      this.#client.adapters(change, files);
    });
  }

  /** Ends the worker and frees all it holds. Jobs that still run are rejected with `reason`. */
  dispose(reason: unknown = new DOMException('The model was closed.', 'AbortError')): void {
    this.#client.dispose();
    this.#endAll(reason);
  }

  async #run(
    start: (id: JobId) => void,
    { signal, onEvent }: JobHooks,
    watch: (event: JobEvent) => void = () => undefined,
  ): Promise<JobResult> {
    signal?.throwIfAborted();
    const id = crypto.randomUUID() as string as JobId;
    const stop = () => this.#client.cancel(id);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await new Promise<JobResult>((resolve, reject) => {
        this.#jobs.set(id, {
          resolve,
          reject,
          signal,
          onEvent: (event) => {
            watch(event);
            onEvent?.(event);
          },
        });
        start(id);
      });
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  #receive(id: JobId, event: JobEvent): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.onEvent(event);
    if (event.type === 'done') job.resolve(event.result);
    else if (event.type === 'failed') job.reject(new OmniError(event.error));
    else if (event.type === 'cancelled') job.reject(job.signal?.reason);
    else return;
    this.#jobs.delete(id);
  }

  #settle(change: AdapterChangeId, outcome: AdapterOutcome): void {
    const pending = this.#changes.get(change);
    this.#changes.delete(change);
    if (outcome.status === 'done') pending?.resolve();
    else pending?.reject(new OmniError(outcome.error));
  }

  #endAll(reason: unknown): void {
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    for (const { reject } of changes) reject(reason);
    const ended = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { reject } of ended) reject(reason);
  }
}

/** A picture as a PNG file, pixel by pixel. */
export function pngOf({ width, height, data }: Picture): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** What nobody said: the size that the model has learnt, a seed by chance, and the page's usual values. */
function usualSettings({ trainedSide }: Ready, { width, height }: Partial<DrawSettings>): DrawSettings {
  return {
    width: trainedSide,
    height: trainedSide,
    alignSize: width === undefined && height === undefined,
    steps: 20,
    seed: crypto.getRandomValues(new Uint32Array(1))[0],
    textGuidance: 4,
    imageGuidance: 2,
    guidanceRange: [0, 1],
    scheduler: 'euler',
    acceleration: 'none',
    negativePrompt: '',
  };
}

/** Without the fields that are there but undefined: those are not said either. */
function withoutGaps<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

function rejectedBy(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
