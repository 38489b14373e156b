/**
 * A conversation with the model: words and pictures in, words and pictures out, turn by turn.
 *
 * What was said before is part of what the model reads when it answers, and stays read: each turn costs its own words
 * alone. A picture is drawn from the turn that asks for it, in the official form of a single turn.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, OmniGen2ChatPipeline.__call__
 */

import { OmniError } from '../../errors.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import type { DrawHooks, DrawOptions, DrawResult } from '../pipeline.ts';
import { drawFromChatPrompt, generateReply, replySampler, textRows } from './ask.ts';
import type { Generated } from './generate.ts';
import type { PromptImage } from './mllm.ts';
import { checkPrompt, tokenizeChatPrompt, tokenizeTurn } from './prompt.ts';
import { PromptCache } from './prompt-cache.ts';
import { LazyPromptImage } from './prompt-image.ts';
import { parseReply } from './reply.ts';
import type { Sampling } from './sampling.ts';
import { TOKENS } from './tokenizer.ts';
import { visionPreprocessor, visionSizeNotes } from './vision-size.ts';

/**
 * Tokens that a conversation may have, its replies included. Keys and values of the released model take 74 kB a token, and
 * its window of attention was trained for as many. Source: mllm/config.json, sliding_window
 */
const MAX_CONVERSATION_TOKENS = 32_768;

/** What a person says. */
export interface ConversationTurn {
  readonly text: string;
  /**
   * The pictures that the words are about; the first is "image 1". Without any, they are about those of the conversation:
   * the picture that was drawn last, or if none was drawn since, those that were given last.
   */
  readonly pictures: readonly RgbImage[];
  readonly maxNewTokens: number;
  /** How words are chosen by chance; without it the likeliest ones are taken, as in the official code. */
  readonly sampling?: Sampling;
  /** How a picture is drawn, if the reply asks for one. */
  readonly drawing: Omit<DrawOptions, 'prompt' | 'references'>;
}

/** What the model replies. */
export interface ConversationReply {
  /** Without special tokens and outer white space; empty where a picture says it all. */
  readonly text: string;
  readonly image?: RgbImage;
  /** False if the words were cut because they did not end within their tokens. */
  readonly complete: boolean;
  /** What the person should know, in sentences. */
  readonly notes: readonly string[];
}

export interface ConversationOptions {
  /**
   * Exactly what the official chat pipeline decides: only a reply that begins with the token of a picture draws, its text
   * keeps special tokens, those that a person types are read as such, and pictures are drawn without acceleration.
   */
  readonly official?: boolean;
  readonly maxTokens?: number;
}

export interface ConversationHooks extends Omit<DrawHooks, 'condition'> {
  /** Called with all words of the reply so far, whenever there are more. */
  readonly onText?: (text: string) => void;
}

/** A turn as the language model reads it, with all that was said before. */
interface TurnPrompt {
  readonly ids: readonly number[];
  readonly images: readonly PromptImage[];
  /** What the words are about: shown now or before. */
  readonly pictures: readonly LazyPromptImage[];
  /** The most tokens that the reply may have. */
  readonly room: number;
}

export class Conversation {
  readonly model: OmniGen2Model;
  readonly #official: boolean;
  readonly #maxTokens: number;
  #cache: PromptCache | undefined;
  /** All that was said, the last reply without the token that ended it. */
  #ids: readonly number[] = [];
  #images: readonly PromptImage[] = [];
  #pictures: readonly LazyPromptImage[] = [];
  /** Whether the model has been shown these pictures. */
  #shown = true;
  #turns = 0;

  constructor(model: OmniGen2Model, options: ConversationOptions = {}) {
    const { official = false, maxTokens = MAX_CONVERSATION_TOKENS } = options;
    this.model = model;
    this.#official = official;
    this.#maxTokens = Math.min(maxTokens, model.config.mllm.language.maxPositionEmbeddings);
  }

  /** Tokens read and written so far. */
  get length(): number {
    return this.#ids.length;
  }

  /**
   * Says something and gives the reply. One turn at a time; a turn that fails or is stopped leaves no trace.
   * @throws OmniError `bad_request` for what cannot be answered or drawn and for a conversation that gets too long,
   *   `bad_image` for a picture that cannot be used; AbortError within one token or step of an abort
   */
  async say(turn: ConversationTurn, hooks: ConversationHooks = {}): Promise<ConversationReply> {
    checkPrompt(turn.text, 'The message');
    const choose = replySampler(this.model, turn.sampling, this.#turns);
    const prompt = await this.#prompt(turn);
    const { config } = this.model;
    this.#cache ??= new PromptCache(await this.model.mllm());
    let condition: Float32Array | undefined;
    const written = await generateReply(this.model, {
      ids: prompt.ids,
      images: prompt.images,
      cache: this.#cache,
      maxNewTokens: Math.min(turn.maxNewTokens, prompt.room),
      choose,
      signal: hooks.signal,
      // A first turn is in the form that pictures are drawn from, and has been read as a whole.
      onPrompt: (hidden, known) => {
        if (this.#turns === 0 && known === 0) condition = textRows(hidden, prompt.ids, config.mllm);
      },
      onText: hooks.onText,
    });
    const { text, draws } = parseReply(written.text, this.#official);
    const drawn = draws ? await this.#draw(turn, prompt.pictures, hooks, condition) : undefined;
    const full = written.ended === 'length' && turn.maxNewTokens > prompt.room;
    const looked = this.#official ? [] : visionSizeNotes(this.model, turn.pictures);
    const notes = [...looked, ...(drawn?.notes ?? []), ...(full ? [this.#fullNote()] : [])];
    this.#keep(prompt, written, (await this.model.tokenizer()).idOf(TOKENS.image));
    if (drawn) notes.push(...this.#lookAt(drawn.image));
    return { text, image: drawn?.image, complete: written.ended === 'stop', notes };
  }

  /** Frees what the model holds of the conversation. It can go on, and is then read once more. @returns whether it held any */
  release(): boolean {
    const held = this.#cache !== undefined && this.#cache.length > 0;
    this.#cache?.clear();
    return held;
  }

  async #prompt({ text, pictures: given }: ConversationTurn): Promise<TurnPrompt> {
    const { mllm } = this.model.config;
    const rule = visionPreprocessor(this.model, this.#official);
    const own = given.map((image, i) => new LazyPromptImage(image, rule, `Picture ${i + 1}`));
    const pictures = own.length > 0 ? own : this.#pictures;
    // Pictures that the model has been shown already are not shown again: they may have thousands of tokens.
    const show = own.length > 0 ? own : this.#shown ? [] : this.#pictures;
    const grids = show.map(({ grid }) => grid);
    const encode = this.#turns === 0 ? tokenizeChatPrompt : tokenizeTurn;
    const typed = this.#official ? 'tokens' : 'words';
    const added = encode(await this.model.tokenizer(), text, grids, mllm, typed);
    const ids = [...this.#ids, ...added];
    const room = this.#maxTokens - ids.length;
    if (room < 1) {
      throw new OmniError({
        code: 'bad_request',
        message: `With this message the conversation has ${ids.length} tokens; it can have ${this.#maxTokens}.`,
        action: 'Start a new conversation, or show fewer or smaller pictures.',
      });
    }
    return { ids, images: [...this.#images, ...show], pictures, room };
  }

  /** The words before are not part of what a picture is drawn from: the transformer was trained on single requests. */
  #draw(
    { text, drawing }: ConversationTurn,
    pictures: readonly LazyPromptImage[],
    hooks: DrawHooks,
    condition: Float32Array | undefined,
  ): Promise<DrawResult> {
    const references = pictures.map(({ image }) => image);
    const acceleration = this.#official ? 'none' : drawing.acceleration;
    const options = { ...drawing, acceleration, prompt: text, references };
    return drawFromChatPrompt(this.model, options, hooks, this.#official ? 'tokens' : 'words', condition);
  }

  #keep({ ids, images, pictures }: TurnPrompt, { ids: reply, ended }: Generated, imageToken?: number): void {
    // Each turn brings the token that ends the reply before it.
    const ends = ended === 'stop' && reply.at(-1) !== imageToken;
    this.#ids = [...ids, ...(ends ? reply.slice(0, -1) : reply)];
    this.#images = images;
    this.#pictures = pictures;
    this.#shown = true;
    this.#turns++;
  }

  /** The next turn is about the picture that was drawn. @returns what is to be said about it */
  #lookAt(image: RgbImage): string[] {
    try {
      this.#pictures = [
        new LazyPromptImage(image, visionPreprocessor(this.model, this.#official), 'The picture'),
      ];
      this.#shown = false;
      return [];
    } catch (error) {
      if (!(error instanceof OmniError)) throw error;
      this.#pictures = [];
      return [`${error.message.replace(/\.$/, '')}, so that the conversation goes on without it.`];
    }
  }

  #fullNote(): string {
    return `The reply was cut: the conversation has reached its ${this.#maxTokens} tokens. Start a new one to go on.`;
  }
}
