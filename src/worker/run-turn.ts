/** The one conversation that the worker holds, turn by turn. */

import { Conversation } from '../omnigen2/language/conversation.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import type { ChatRequest, ConversationId, JobEvent, JobResult } from '../protocol.ts';
import { drawOptions } from './draw-options.ts';
import { decodePictures } from './decode-pictures.ts';
import { toPicture } from './picture.ts';
import { progressEvent } from './progress-event.ts';
import { StepClock } from './step-clock.ts';

/** A conversation has but one drawing a turn. */
const ROUND = 1;

const FORGOTTEN =
  'The model no longer knows what was said before: it was loaded again, or another conversation was held meanwhile.';

/** What a conversation is, apart from what the model holds of it. */
interface Held {
  readonly id: ConversationId;
  /** Turns that were replied to, here or before this worker was there. */
  said: number;
  /** Those of them that the model knows, or that the person was told it has forgotten. */
  known: number;
  conversation: Conversation | undefined;
}

export class LiveConversation {
  #held: Held | undefined;
  /** The conversation of the turn that runs. */
  #speaking: ConversationId | undefined;
  #endsAfterTurn = false;

  /**
   * Says one turn. A conversation that is not the one held begins here, and that one ends.
   * @param emit is given every event but the outcome
   * @throws OmniError or AbortError: the outcome, if it is not a reply
   */
  async run(
    signal: AbortSignal,
    model: OmniGen2Model,
    request: ChatRequest,
    emit: (event: JobEvent) => void,
  ): Promise<JobResult> {
    this.#speaking = request.conversation;
    try {
      return await this.#turn(signal, model, request, emit);
    } finally {
      this.#speaking = undefined;
      if (this.#endsAfterTurn) this.end(request.conversation);
    }
  }

  async #turn(
    signal: AbortSignal,
    model: OmniGen2Model,
    request: ChatRequest,
    emit: (event: JobEvent) => void,
  ): Promise<JobResult> {
    const start = performance.now();
    const { text, settings, sampling, maxNewTokens } = request;
    const notes: string[] = [];
    const pictures = await decodePictures(signal, request.pictures, notes);
    const drawing = drawOptions(settings, model);
    const held = this.#take(request);
    held.conversation ??= new Conversation(model);
    const clock = new StepClock();
    let drawStart = start;
    const reply = await held.conversation.say(
      { text, pictures, maxNewTokens, sampling, drawing },
      {
        signal,
        previews: true,
        onText: (words) => emit({ type: 'answering', text: words }),
        onProgress: (progress) => {
          if (progress.type === 'reading') drawStart = performance.now();
          emit(progressEvent(ROUND, progress, clock));
        },
      },
    );
    // Said with a reply alone: a turn that was stopped has no notes.
    if (held.known < held.said) notes.unshift(FORGOTTEN);
    held.said++;
    held.known = held.said;
    const { image, complete } = reply;
    if (image) {
      const drawMs = performance.now() - drawStart;
      emit({ type: 'picture', round: ROUND, picture: toPicture(image), drawMs });
    }
    return {
      type: 'reply',
      text: reply.text,
      complete,
      drew: image !== undefined,
      notes: [...notes, ...reply.notes],
      totalMs: performance.now() - start,
    };
  }

  /** Lets go of a model that is to be closed; the next turn says that what came before is lost. No turn may run. */
  forget(): void {
    try {
      this.release();
    } finally {
      if (this.#held) Object.assign(this.#held, { conversation: undefined, known: 0 });
    }
  }

  /**
   * Frees what the device holds of the conversation, which can go on and is then read once more. No turn may run.
   * @returns whether there was anything
   */
  release(): boolean {
    return this.#held?.conversation?.release() ?? false;
  }

  /** Ends a conversation and frees it, after its turn if one runs. */
  end(id: ConversationId): void {
    this.#endsAfterTurn = this.#speaking === id;
    if (this.#endsAfterTurn || this.#held?.id !== id) return;
    this.release();
    this.#held = undefined;
  }

  #take({ conversation: id, turns }: ChatRequest): Held {
    if (this.#held?.id !== id) {
      this.release();
      this.#held = { id, said: 0, known: 0, conversation: undefined };
    }
    // A page counts fewer turns where it asks for one before the last one's reply.
    this.#held.said = Math.max(this.#held.said, turns);
    return this.#held;
  }
}
