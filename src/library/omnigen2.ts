/**
 * OmniGen2 for any web page: loads a model in a worker of its own, draws, edits and answers. Nothing leaves
 * the machine. Guide: docs/guides/embed-in-a-page.md
 */

import { type ErrorCode, type ErrorReport, OmniError } from '../errors.ts';
import { encodePng } from '../pictures/encode.web.ts';
import type { ConversationId } from '../protocol.ts';
import { completeSampling, MAX_NEW_TOKENS } from '../settings/answer-settings.ts';
import { completeSettings } from '../settings/draw-settings.ts';
import { ROUNDS } from '../settings/job-settings.ts';
import { randomSeed } from '../settings/random-seed.ts';
import { createWorkerClient, spawnModelWorker, type WorkerClient } from '../worker-client.ts';
import { adapterFiles } from './adapter-files.ts';
import { checkAdapters, checkAsk, checkDraw, checkOpen, checkPicture, checkSay } from './arguments.ts';
import type {
  DeviceReport,
  JobEvent,
  JobResult,
  ModelNeeds,
  ModelPart,
  ModelState,
  Picture,
  RelativeBox,
  RoundOutcome,
  RoundReport,
  SmallerPlan,
} from './events.ts';
import { callListener, Jobs } from './jobs.ts';
import { modelSource } from './model-source.ts';
import type {
  Acceleration,
  AdapterOptions,
  Answer,
  AskOptions,
  BackendChoice,
  Conversation,
  Drawn,
  DrawOptions,
  DrawSettings,
  JobOptions,
  OpenOptions,
  PosteriorChoice,
  Reply,
  Sampling,
  SayOptions,
  SchedulerName,
} from './types.ts';

export type {
  Acceleration,
  AdapterOptions,
  Answer,
  AskOptions,
  BackendChoice,
  Conversation,
  DeviceReport,
  Drawn,
  DrawOptions,
  DrawSettings,
  ErrorCode,
  ErrorReport,
  JobEvent,
  JobOptions,
  JobResult,
  ModelNeeds,
  ModelPart,
  ModelState,
  OpenOptions,
  Picture,
  PosteriorChoice,
  RelativeBox,
  Reply,
  RoundOutcome,
  RoundReport,
  Sampling,
  SayOptions,
  SchedulerName,
  SmallerPlan,
};
export { OmniError };

type Ready = Extract<ModelState, { status: 'ready' }>;

/**
 * A loaded model. Jobs run one after another, in the order of the calls.
 *
 * @example
 * const model = await OmniGen2.open();
 * const { picture } = await model.draw('a brown bear in the desert');
 * model.dispose();
 */
export class OmniGen2 {
  readonly #client: WorkerClient;
  readonly #jobs = new Jobs();
  readonly #ready: Promise<Ready>;

  private constructor({ model, backend = 'auto', budgetBytes, onState }: OpenOptions) {
    let settle: { resolve: (state: Ready) => void; reject: (reason: unknown) => void } | undefined;
    this.#ready = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#client = createWorkerClient(
      {
        model: (state) => {
          if (state.status === 'ready') settle?.resolve(state);
          if (state.status === 'failed') settle?.reject(new OmniError(state.error));
          callListener(onState, state);
        },
        job: (id, event) => this.#jobs.receive(id, event),
        adapters: (change, outcome) => this.#jobs.settle(change, outcome),
        crashed: (report, restarted, goingOn) => {
          const error = new OmniError(report);
          settle?.reject(error);
          if (restarted) this.#jobs.endAll(error, goingOn);
          else this.#jobs.close(error);
        },
      },
      spawnModelWorker,
    );
    this.#client.open(modelSource(model), backend, budgetBytes);
  }

  /**
   * Starts a worker and loads the model. Weights are kept in the browser: a second visit does not download
   * them.
   *
   * @example
   * const model = await OmniGen2.open({
   *   onState: (state) => {
   *     if (state.status === 'loading') console.log(`${state.doneBytes} of ${state.totalBytes} bytes`);
   *   },
   * });
   *
   * @param options Default: the built-in model, on WebGPU if it works
   * @throws OmniError `bad_request` for wrong options, `unreachable` or `bad_checkpoint` for files that
   *   cannot be used, `device` if nothing can run the model; the signal's reason after an abort
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
   * Draws one picture. Without references it follows the prompt alone; one reference is edited, several are
   * mixed.
   *
   * @example
   * const { picture, settings } = await model.draw('Make it night.', {
   *   references: [photo],
   *   settings: { steps: 30, seed: 7 },
   *   onEvent: (event) => {
   *     if (event.type === 'denoising') console.log(`step ${event.step} of ${event.steps}`);
   *   },
   * });
   *
   * @param options `references` are up to five files; `rounds` is 1 by default; `settings` have the defaults
   *   that {@link DrawSettings} names, and the result returns the complete ones
   * @throws OmniError `bad_request` for a wrong prompt or setting, `bad_image` for a reference that cannot be
   *   used, `device` if the device fails; the signal's reason after an abort; the reason given to {@link
   *   dispose}
   */
  async draw(prompt: string, options: DrawOptions = {}): Promise<Drawn> {
    checkDraw(prompt, options);
    const { references = [], rounds = ROUNDS.default, settings: given = {}, ...jobOptions } = options;
    const settings = await this.#complete(given);
    const pictures = new Map<number, Picture>();
    const reports: RoundReport[] = [];
    const result = await this.#jobs.run(
      (id) => this.#client.draw(id, { prompt, references, rounds, settings }),
      this.#client.cancel,
      jobOptions,
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
   * Asks the language model one question, about pictures or without any. It does not remember earlier
   * questions: use {@link conversation} for that.
   *
   * @example
   * const { text } = await model.ask('What is in the picture?', { pictures: [photo] });
   *
   * @param options `maxNewTokens` is 256 by default; without `sampling` every token is the likeliest one
   * @throws OmniError `bad_request` for an empty question or a wrong setting, `bad_image` for a picture that
   *   cannot be used, `device` if the device fails; the signal's reason after an abort; the reason given to
   *   {@link dispose}
   */
  async ask(question: string, options: AskOptions = {}): Promise<Answer> {
    checkAsk(question, options);
    const { pictures = [], maxNewTokens = MAX_NEW_TOKENS.default, sampling, ...jobOptions } = options;
    const request = { question, pictures, maxNewTokens, sampling: completeOptional(sampling) };
    const result = await this.#jobs.run(
      (id) => this.#client.ask(id, request),
      this.#client.cancel,
      jobOptions,
    );
    if (result.type !== 'answer') throw new Error('a question ended without an answer');
    const { type: _, ...answer } = result;
    return answer;
  }

  /**
   * Begins a conversation, in which the model replies with text, a picture, or both. It costs nothing before
   * its first turn.
   *
   * @example
   * const conversation = model.conversation();
   * const { picture } = await conversation.say('Draw a red house.');
   * conversation.end();
   */
  conversation(): Conversation {
    const id = crypto.randomUUID() as string as ConversationId;
    const pending = new Set<Promise<Reply>>();
    let turns = 0;
    let ended = false;
    return {
      say: async (text, options) => {
        if (ended) throw conversationEnded();
        const turn = this.#say(id, () => turns, text, options);
        pending.add(turn);
        try {
          const reply = await turn;
          turns++;
          return reply;
        } finally {
          pending.delete(turn);
        }
      },
      end: () => {
        if (ended) return;
        ended = true;
        void Promise.allSettled(pending).then(() => this.#client.end(id));
      },
    };
  }

  async #say(
    conversation: ConversationId,
    turns: () => number,
    text: string,
    options: SayOptions = {},
  ): Promise<Reply> {
    checkSay(text, options);
    const { pictures = [], maxNewTokens = MAX_NEW_TOKENS.default, settings: given = {}, ...rest } = options;
    const { sampling: givenSampling, ...jobOptions } = rest;
    const sampling = completeOptional(givenSampling);
    const settings = await this.#complete(given);
    let picture: Picture | undefined;
    const request = { conversation, turns: turns(), text, pictures, settings, maxNewTokens, sampling };
    const result = await this.#jobs.run(
      (id) => this.#client.turn(id, request),
      this.#client.cancel,
      jobOptions,
      (event) => {
        if (event.type === 'picture') picture = event.picture;
      },
    );
    if (result.type !== 'reply') throw new Error('a turn ended without a reply');
    const { type: _, ...reply } = result;
    return { ...reply, picture, settings };
  }

  /**
   * Replaces all LoRA adapters of the model before the next job; an empty list removes them. It takes no
   * signal: after an abort nobody would know which adapters the model has.
   *
   * @example
   * await model.setAdapters([{ file: await (await fetch('style.safetensors')).blob(), strength: 0.8 }]);
   *
   * @throws OmniError `bad_request` for a wrong strength or two equal names, `bad_checkpoint` or
   *   `unsupported` for a file that cannot be used. The model then keeps the adapters that it had. Also the
   *   reason given to {@link dispose}
   */
  async setAdapters(adapters: readonly AdapterOptions[]): Promise<void> {
    checkAdapters(adapters);
    await this.#ready;
    const files = adapterFiles(adapters);
    await this.#jobs.change((id) => this.#client.adapters(id, files));
  }

  /**
   * Ends the worker and frees its memory. Pending and later calls reject with `reason`.
   * @param reason Default: an AbortError
   */
  dispose(reason: unknown = new DOMException('The model was closed.', 'AbortError')): void {
    this.#client.dispose();
    this.#jobs.close(reason);
  }

  async #complete(given: Partial<DrawSettings>): Promise<DrawSettings> {
    const { trainedSide, needs } = await this.#ready;
    const modelSize = needs ? 'large' : 'small';
    return completeSettings(given, { trainedSide, seed: randomSeed(), modelSize });
  }
}

/**
 * Encodes a picture as a PNG file, without loss. The file can be a reference of the next drawing.
 *
 * @example
 * const { picture } = await model.draw('a red house');
 * image.src = URL.createObjectURL(await pngOf(picture));
 *
 * @throws OmniError `bad_request` for an argument that is no picture, `device` if the browser gives no canvas
 *   of that size
 */
export async function pngOf(picture: Picture): Promise<Blob> {
  checkPicture(picture);
  return encodePng(picture);
}

function completeOptional(sampling: Partial<Sampling> | undefined): Sampling | undefined {
  return sampling && completeSampling(sampling, randomSeed());
}

function rejectedBy(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function conversationEnded(): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: 'This conversation has ended.',
    action: 'Begin another one.',
  });
}
