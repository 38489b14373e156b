/**
 * A conversation with the model, turn by turn. Turns and replies have text and pictures.
 *
 * All turns share one key/value cache, so each turn only prefills its own tokens. A picture is drawn
 * only from the turn that asks for it, in the official form of a single turn.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`,
 * OmniGen2ChatPipeline.__call__
 */

import { OmniError } from '../../errors.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { Sampling } from '../../settings/answer-settings.ts';
import type { OmniGen2Model } from '../model.ts';
import type { DrawHooks, DrawInput, DrawResult } from '../pipeline.ts';
import { generateReply, replySampler } from './ask.ts';
import { textRows } from './chat-prompt.ts';
import { drawFromChatPrompt } from './draw-from-chat-prompt.ts';
import type { Generated } from './generate.ts';
import { checkPrompt, type SpecialTokens, tokenizeChatPrompt, tokenizeTurn } from './prompt.ts';
import { PromptCache } from './prompt-cache.ts';
import { LazyPromptImage } from './prompt-image.ts';
import { parseReply } from './reply.ts';
import { TOKENS } from './tokenizer.ts';
import type { PromptImage } from './vision-patches.ts';
import { visionPreprocessor, visionSizeNotes } from './vision-size.ts';

/**
 * Default limit of tokens, replies included: the attention window that the released model was trained with.
 * Its keys and values take 74 kB per token. Source: mllm/config.json, sliding_window
 */
const MAX_CONVERSATION_TOKENS = 32_768;

export interface ConversationTurn {
  readonly text: string;
  /**
   * The pictures of this turn; the first is "image 1". An empty list keeps the last pictures of the
   * conversation: those of an earlier turn or the one drawn after it.
   */
  readonly pictures: readonly RgbImage[];
  readonly maxNewTokens: number;
  /** Default: greedy decoding, as in the official code. */
  readonly sampling?: Sampling;
  /** Used if the reply asks for a picture. */
  readonly drawing: Omit<DrawInput, 'prompt' | 'references'>;
}

export interface ConversationReply {
  /** Without special tokens, trimmed. May be empty if there is a picture. */
  readonly text: string;
  readonly image?: RgbImage;
  /** False if the text did not end within `maxNewTokens`. */
  readonly complete: boolean;
  /** Sentences for the person. */
  readonly notes: readonly string[];
}

export interface ConversationOptions {
  /**
   * Follows the official chat pipeline exactly: only a reply that begins with the picture token draws, its
   * text keeps special tokens, special tokens in a turn are tokenized as such, and pictures are drawn without
   * acceleration. Default: false.
   */
  readonly official?: boolean;
  /** Limit of tokens, replies included. Default: 32,768 or the model's limit if that is lower. */
  readonly maxTokens?: number;
}

export interface ConversationHooks extends Omit<DrawHooks, 'condition'> {
  /** Called with the whole reply so far each time it grows. */
  readonly onText?: (text: string) => void;
}

/** The whole conversation up to the end of a turn. */
interface TurnPrompt {
  readonly ids: readonly number[];
  readonly images: readonly PromptImage[];
  /** The pictures that the turn is about, of this turn or an earlier one. */
  readonly pictures: readonly LazyPromptImage[];
  /** Tokens left for the reply. */
  readonly room: number;
}

/**
 * A conversation with a model.
 *
 * @example
 * const conversation = new Conversation(model);
 * const turn = { pictures: [], maxNewTokens: 256, drawing };
 * const { text } = await conversation.say({ ...turn, text: 'What is in the picture?', pictures: [picture] });
 * const { image } = await conversation.say({ ...turn, text: 'Draw it at night.' });
 * conversation.release();
 */
export class Conversation {
  readonly model: OmniGen2Model;
  readonly #official: boolean;
  readonly #maxTokens: number;
  #cache: PromptCache | undefined;
  /** All turns and replies; the last reply without the token that ended it. */
  #ids: readonly number[] = [];
  #images: readonly PromptImage[] = [];
  #pictures: readonly LazyPromptImage[] = [];
  /** Whether `#pictures` are in `#ids`. */
  #inPrompt = true;
  #turns = 0;

  constructor(model: OmniGen2Model, options: ConversationOptions = {}) {
    const { official = false, maxTokens = MAX_CONVERSATION_TOKENS } = options;
    this.model = model;
    this.#official = official;
    this.#maxTokens = Math.min(maxTokens, model.config.mllm.language.maxPositionEmbeddings);
  }

  /** Tokens of all turns and replies so far. */
  get length(): number {
    return this.#ids.length;
  }

  /**
   * Takes a turn and returns its reply. One call at a time. A turn that fails or is aborted does not change
   * the conversation.
   * @throws OmniError `bad_request` for an invalid turn or if the conversation gets too long, `bad_image` for
   *   a picture that is too small or too narrow; AbortError within one token or step of an abort
   */
  async say(turn: ConversationTurn, hooks: ConversationHooks = {}): Promise<ConversationReply> {
    checkPrompt(turn.text, 'The message');
    const sampler = replySampler(this.model, turn.sampling, this.#turns);
    const prompt = await this.#prompt(turn);
    const { config } = this.model;
    this.#cache ??= new PromptCache(await this.model.mllm());
    let condition: Float32Array | undefined;
    const generated = await generateReply(this.model, {
      ids: prompt.ids,
      images: prompt.images,
      cache: this.#cache,
      maxNewTokens: Math.min(turn.maxNewTokens, prompt.room),
      sampler,
      signal: hooks.signal,
      // The first turn has the form that pictures are drawn from. Its hidden states serve as text features.
      onPrompt: (hidden, cached) => {
        if (this.#turns === 0 && cached === 0) condition = textRows(hidden, prompt.ids, config.mllm);
      },
      onText: hooks.onText,
    });
    const { text, draws } = parseReply(generated.text, this.#official);
    const drawn = draws ? await this.#draw(turn, prompt.pictures, hooks, condition) : undefined;
    const full = generated.ended === 'length' && turn.maxNewTokens > prompt.room;
    const resized = this.#official ? [] : visionSizeNotes(this.model, turn.pictures);
    const notes = [...resized, ...(drawn?.notes ?? []), ...(full ? [this.#fullNote()] : [])];
    this.#add(prompt, generated, (await this.model.tokenizer()).idOf(TOKENS.image));
    if (drawn) notes.push(...this.#continueWith(drawn.image));
    return { text, image: drawn?.image, complete: generated.ended === 'stop', notes };
  }

  /**
   * Frees the key/value cache. The next turn prefills the conversation again.
   * @returns whether the cache had tokens
   */
  release(): boolean {
    const hadTokens = this.#cache !== undefined && this.#cache.length > 0;
    this.#cache?.clear();
    return hadTokens;
  }

  async #prompt({ text, pictures: given }: ConversationTurn): Promise<TurnPrompt> {
    const { mllm } = this.model.config;
    const preprocessor = visionPreprocessor(this.model, this.#official);
    const own = given.map((image, i) => new LazyPromptImage(image, preprocessor, `Picture ${i + 1}`));
    const pictures = own.length > 0 ? own : this.#pictures;
    // Pictures that are in the prompt are not repeated: they may have thousands of tokens.
    const added = own.length > 0 ? own : this.#inPrompt ? [] : this.#pictures;
    const grids = added.map(({ grid }) => grid);
    const tokenize = this.#turns === 0 ? tokenizeChatPrompt : tokenizeTurn;
    const turn = tokenize(await this.model.tokenizer(), text, grids, mllm, this.#specialTokens);
    const ids = [...this.#ids, ...turn];
    const room = this.#maxTokens - ids.length;
    if (room < 1) {
      throw new OmniError({
        code: 'bad_request',
        message: `With this message the conversation has ${ids.length} tokens; the limit is ${this.#maxTokens}.`,
        action: 'Start a new conversation, or use fewer or smaller pictures.',
      });
    }
    return { ids, images: [...this.#images, ...added], pictures, room };
  }

  /**
   * Earlier turns are not part of the prompt of a drawing: the transformer was trained on single requests.
   */
  #draw(
    { text, drawing }: ConversationTurn,
    pictures: readonly LazyPromptImage[],
    hooks: DrawHooks,
    condition: Float32Array | undefined,
  ): Promise<DrawResult> {
    const references = pictures.map(({ image }) => image);
    const acceleration = this.#official ? 'none' : drawing.acceleration;
    const options = { ...drawing, acceleration, prompt: text, references };
    return drawFromChatPrompt(this.model, options, hooks, this.#specialTokens, condition);
  }

  #add({ ids, images, pictures }: TurnPrompt, { ids: reply, ended }: Generated, imageToken?: number): void {
    // The next turn begins with the token that ends this reply.
    const ends = ended === 'stop' && reply.at(-1) !== imageToken;
    this.#ids = [...ids, ...(ends ? reply.slice(0, -1) : reply)];
    this.#images = images;
    this.#pictures = pictures;
    this.#inPrompt = true;
    this.#turns++;
  }

  /** Makes the drawn picture that of the next turn. @returns notes */
  #continueWith(image: RgbImage): string[] {
    try {
      this.#pictures = [
        new LazyPromptImage(image, visionPreprocessor(this.model, this.#official), 'The picture'),
      ];
      this.#inPrompt = false;
      return [];
    } catch (error) {
      if (!(error instanceof OmniError)) throw error;
      this.#pictures = [];
      return [`${error.message} The conversation continues without it.`];
    }
  }

  get #specialTokens(): SpecialTokens {
    return this.#official ? 'tokens' : 'text';
  }

  #fullNote(): string {
    return `The reply was cut: the conversation has reached its limit of ${this.#maxTokens} tokens. Start a new one to continue.`;
  }
}
