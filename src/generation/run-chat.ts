/** The one conversation that the worker holds, turn by turn. */

import { Conversation } from '../omnigen2/conversation.ts';
import { decodeImage } from '../omnigen2/images/decode.web.ts';
import type { RgbImage } from '../omnigen2/images/image.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import { drawDefaults } from '../omnigen2/pipeline.ts';
import type { ChatRequest, ConversationId, JobEvent, JobResult } from '../protocol.ts';
import { toPicture } from './picture.ts';
import { progressEvent } from './progress-event.ts';
import { StepClock } from './step-clock.ts';

/** A conversation has but one drawing a turn. */
const ROUND = 1;

export class LiveConversation {
  #id: ConversationId | undefined;
  #conversation: Conversation | undefined;

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
    const start = performance.now();
    const { text, settings, sampling, maxNewTokens } = request;
    const notes: string[] = [];
    const pictures: RgbImage[] = [];
    for (const [i, file] of request.pictures.entries()) {
      signal.throwIfAborted();
      // In full size: the language model reads more of a picture than a drawing takes from it.
      pictures.push(await decodeImage(file, `Picture ${i + 1}`, { notes }));
    }
    const conversation = this.#take(request.conversation, model, notes);
    const drawing = { ...drawDefaults(settings, model.checkpoint.trainedOn), ...settings };
    const clock = new StepClock();
    let drawStart = start;
    const reply = await conversation.say(
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

  /** Lets go of a model that is closed; the next turn says that what came before is lost. */
  forget(): void {
    this.#conversation = undefined;
  }

  #take(id: ConversationId, model: OmniGen2Model, notes: string[]): Conversation {
    const held = this.#conversation;
    if (held && this.#id === id) return held;
    held?.release();
    if (this.#id === id) {
      notes.push('The model was loaded again, so that it no longer knows what was said before.');
    }
    this.#id = id;
    this.#conversation = new Conversation(model);
    return this.#conversation;
  }
}
