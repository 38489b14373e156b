/** The conversation that the worker holds, turn by turn. */

import { drawLimits } from '../omnigen2/draw-limits.ts';
import { Conversation } from '../omnigen2/language/conversation.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import type { ConversationId, JobEvent, JobResult, TurnRequest } from '../protocol.ts';
import { decodePictures } from './decode-pictures.ts';
import { toPicture } from './picture.ts';
import { progressEvent } from './progress-event.ts';
import { StepClock } from './step-clock.ts';

/** A turn has at most one drawing, without reflection. */
const ROUND = 1;

const FORGOTTEN =
  'The model no longer knows what was said before: it was loaded again, or there was another conversation in between.';

/** The conversation of the last turn. */
interface Held {
  readonly id: ConversationId;
  /** Turns with a reply, of this worker or of one before it. */
  replied: number;
  /** How many of them the model knows. Those that a note has reported as forgotten count as known. */
  known: number;
  conversation: Conversation | undefined;
}

export class LiveConversation {
  #held: Held | undefined;
  /** The conversation whose turn is running. */
  #running: ConversationId | undefined;
  #endsAfterTurn = false;

  /**
   * Runs one turn. If it belongs to another conversation, that one begins and the one before ends.
   * @param emit receives every event except the last one
   * @throws OmniError for a turn without a reply; AbortError after an abort
   */
  async run(
    signal: AbortSignal,
    model: OmniGen2Model,
    request: TurnRequest,
    emit: (event: JobEvent) => void,
  ): Promise<JobResult> {
    this.#running = request.conversation;
    try {
      return await this.#turn(signal, model, request, emit);
    } finally {
      this.#running = undefined;
      if (this.#endsAfterTurn) this.end(request.conversation);
    }
  }

  async #turn(
    signal: AbortSignal,
    model: OmniGen2Model,
    request: TurnRequest,
    emit: (event: JobEvent) => void,
  ): Promise<JobResult> {
    const start = performance.now();
    const { text, settings, sampling, maxNewTokens } = request;
    const notes: string[] = [];
    const pictures = await decodePictures(signal, request.pictures, notes);
    const drawing = { ...settings, ...drawLimits(settings, model.checkpoint.trainedOn) };
    const held = this.#take(request);
    held.conversation ??= new Conversation(model);
    const clock = new StepClock();
    let drawStart = start;
    const reply = await held.conversation.say(
      { text, pictures, maxNewTokens, sampling, drawing },
      {
        signal,
        previews: true,
        onText: (soFar) => emit({ type: 'answering', text: soFar }),
        onProgress: (progress) => {
          if (progress.type === 'encoding-prompt') drawStart = performance.now();
          emit(progressEvent(ROUND, progress, clock));
        },
      },
    );
    // The note comes with a reply only: a turn that was stopped has no notes.
    if (held.known < held.replied) notes.unshift(FORGOTTEN);
    held.replied++;
    held.known = held.replied;
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

  /**
   * Drops a model that is about to be closed. The next turn notes that earlier turns are lost. No turn may
   * run.
   */
  forget(): void {
    try {
      this.release();
    } finally {
      if (this.#held) Object.assign(this.#held, { conversation: undefined, known: 0 });
    }
  }

  /**
   * Frees the conversation's cache on the device. The conversation can go on: its next turn prefills the
   * cache again. No turn may run.
   * @returns whether there was anything to free
   */
  release(): boolean {
    return this.#held?.conversation?.release() ?? false;
  }

  /** Ends a conversation and frees its memory, after its turn if one is running. */
  end(id: ConversationId): void {
    this.#endsAfterTurn = this.#running === id;
    if (this.#endsAfterTurn || this.#held?.id !== id) return;
    this.release();
    this.#held = undefined;
  }

  #take({ conversation: id, turns }: TurnRequest): Held {
    let held = this.#held;
    if (held?.id !== id) {
      this.release();
      held = { id, replied: 0, known: 0, conversation: undefined };
      this.#held = held;
    }
    // The page's count is lower if it sends a turn before the reply to the last one.
    held.replied = Math.max(held.replied, turns);
    return held;
  }
}
