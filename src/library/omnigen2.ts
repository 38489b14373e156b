/**
 * OmniGen2 for any web page: opens a model in a worker of its own, draws, edits and answers. Nothing leaves the machine.
 * How to use it: docs/LIBRARY.md
 */

import { MAX_NEW_TOKENS } from '../config/config.ts';
import { randomSeed, USUAL_SETTINGS } from '../draw-settings.ts';
import { type ErrorCode, type ErrorReport, OmniError } from '../errors.ts';
import { encodePng } from '../pictures/encode.web.ts';
import type {
  Acceleration,
  BackendChoice,
  ConversationId,
  DeviceReport,
  DrawSettings,
  JobEvent,
  JobResult,
  ModelPart,
  ModelState,
  Picture,
  PosteriorChoice,
  RoundOutcome,
  RoundReport,
  Sampling,
  SchedulerName,
} from '../protocol.ts';
import { createWorkerClient, spawnModelWorker, type WorkerClient } from '../worker-client.ts';
import { adapterFiles } from './adapter-files.ts';
import { checkAdapters, checkAsk, checkDraw, checkOpen, checkPicture, checkSay } from './arguments.ts';
import { Jobs, tell } from './jobs.ts';
import { modelSource } from './model-source.ts';
import type {
  AdapterOptions,
  Answer,
  AskOptions,
  Conversation,
  DrawChoices,
  Drawn,
  DrawOptions,
  JobOptions,
  OpenOptions,
  Reply,
  SamplingChoices,
  SayOptions,
} from './types.ts';

export type {
  Acceleration,
  AdapterOptions,
  Answer,
  AskOptions,
  BackendChoice,
  Conversation,
  DeviceReport,
  DrawChoices,
  Drawn,
  DrawOptions,
  DrawSettings,
  ErrorCode,
  ErrorReport,
  JobEvent,
  JobOptions,
  JobResult,
  ModelPart,
  ModelState,
  OpenOptions,
  Picture,
  PosteriorChoice,
  Reply,
  RoundOutcome,
  RoundReport,
  Sampling,
  SamplingChoices,
  SayOptions,
  SchedulerName,
};
export { OmniError };

type Ready = Extract<ModelState, { status: 'ready' }>;

/** An opened model. Jobs run one after another, in the order in which they were asked for. */
export class OmniGen2 {
  readonly #client: WorkerClient;
  readonly #jobs = new Jobs();
  readonly #ready: Promise<Ready>;

  private constructor({ model, backend = 'auto', onState }: OpenOptions) {
    let settle: { resolve: (state: Ready) => void; reject: (reason: unknown) => void } | undefined;
    this.#ready = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#client = createWorkerClient(
      {
        model: (state) => {
          if (state.status === 'ready') settle?.resolve(state);
          if (state.status === 'failed') settle?.reject(new OmniError(state.error));
          tell(onState, state);
        },
        job: (id, event) => this.#jobs.receive(id, event),
        adapters: (change, outcome) => this.#jobs.settle(change, outcome),
        crashed: (report, restarted) => {
          const error = new OmniError(report);
          settle?.reject(error);
          if (restarted) this.#jobs.endAll(error);
          else this.#jobs.close(error);
        },
      },
      spawnModelWorker,
    );
    this.#client.open(modelSource(model), backend);
  }

  /**
   * Starts the worker and loads the model; a second visit finds the weights in the browser.
   * @throws OmniError for what cannot be loaded; the signal's reason after an abort
   */
  static async open(options: OpenOptions = {}): Promise<OmniGen2> {
    checkOpen(options);
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
   * @throws OmniError for what cannot be drawn; the signal's reason after an abort; the reason given to {@link dispose}
   */
  async draw(prompt: string, chosen: DrawOptions = {}): Promise<Drawn> {
    checkDraw(prompt, chosen);
    const { references = [], rounds = 1, settings: given = {}, ...options } = chosen;
    const settings = allSettings(await this.#ready, given);
    const pictures = new Map<number, Picture>();
    const reports: RoundReport[] = [];
    const result = await this.#jobs.run(
      (id) => this.#client.draw(id, { prompt, references, rounds, settings }),
      this.#client.cancel,
      options,
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
   * @throws OmniError for what cannot be asked; the signal's reason after an abort; the reason given to {@link dispose}
   */
  async ask(question: string, chosen: AskOptions = {}): Promise<Answer> {
    checkAsk(question, chosen);
    const { pictures = [], maxNewTokens = MAX_NEW_TOKENS, sampling, ...options } = chosen;
    const request = { question, pictures, maxNewTokens, sampling: allSampling(sampling) };
    const result = await this.#jobs.run((id) => this.#client.ask(id, request), this.#client.cancel, options);
    if (result.type !== 'answer') throw new Error('a question ended without an answer');
    const { type: _, ...answer } = result;
    return answer;
  }

  /** Begins a conversation, in which the model answers in words, with a picture, or with both. */
  conversation(): Conversation {
    const id = crypto.randomUUID() as string as ConversationId;
    const asked = new Set<Promise<Reply>>();
    let turns = 0;
    let ended = false;
    return {
      say: async (text, options) => {
        if (ended) throw over();
        const turn = this.#say(id, () => turns, text, options);
        asked.add(turn);
        try {
          const reply = await turn;
          turns++;
          return reply;
        } finally {
          asked.delete(turn);
        }
      },
      end: () => {
        if (ended) return;
        ended = true;
        void Promise.allSettled(asked).then(() => this.#client.end(id));
      },
    };
  }

  async #say(
    conversation: ConversationId,
    turns: () => number,
    text: string,
    chosen: SayOptions = {},
  ): Promise<Reply> {
    checkSay(text, chosen);
    const { pictures = [], maxNewTokens = MAX_NEW_TOKENS, settings: given = {}, ...options } = chosen;
    const sampling = allSampling(chosen.sampling);
    const settings = allSettings(await this.#ready, given);
    let picture: Picture | undefined;
    const request = { conversation, turns: turns(), text, pictures, settings, maxNewTokens, sampling };
    const result = await this.#jobs.run(
      (id) => this.#client.chat(id, request),
      this.#client.cancel,
      options,
      (event) => {
        if (event.type === 'picture') picture = event.picture;
      },
    );
    if (result.type !== 'reply') throw new Error('a turn ended without a reply');
    const { type: _, ...reply } = result;
    return { ...reply, picture, settings };
  }

  /**
   * Gives the model these LoRA adapters in place of all that it has, before the next job; none takes them all off. It takes
   * no signal: stopped halfway, nobody would know which adapters the model has.
   * @throws OmniError for adapters that cannot be used, and the model keeps those that it had; the reason given to {@link dispose}
   */
  async setAdapters(adapters: readonly AdapterOptions[]): Promise<void> {
    checkAdapters(adapters);
    await this.#ready;
    const files = adapterFiles(adapters);
    await this.#jobs.change((id) => this.#client.adapters(id, files));
  }

  /** Ends the worker and frees all it holds. What still runs, and what is asked for later, is rejected with `reason`. */
  dispose(reason: unknown = new DOMException('The model was closed.', 'AbortError')): void {
    this.#client.dispose();
    this.#jobs.close(reason);
  }
}

/**
 * A picture as a PNG file, pixel by pixel.
 * @throws OmniError `device` if the browser gives no canvas of that size
 */
export async function pngOf(picture: Picture): Promise<Blob> {
  checkPicture(picture);
  return encodePng(picture);
}

/** What was chosen, and for the rest the size that the model has learnt, a seed by chance, and the page's usual values. */
function allSettings({ trainedSide }: Ready, choices: DrawChoices): DrawSettings {
  return {
    width: trainedSide,
    height: trainedSide,
    alignSize: choices.width === undefined && choices.height === undefined,
    seed: randomSeed(),
    ...USUAL_SETTINGS,
    ...withoutGaps(choices),
  };
}

/** What was chosen of how words are drawn by chance, and the rest; nothing where no chance is wanted. */
function allSampling(choices: SamplingChoices | undefined): Sampling | undefined {
  return choices && { temperature: 1, topP: 1, seed: randomSeed(), ...withoutGaps(choices) };
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

function over(): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: 'This conversation has ended.',
    action: 'Begin another one.',
  });
}
