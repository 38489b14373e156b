/** A question about a picture, and the answer as it comes in. */

import type { ErrorReport } from '../../errors.ts';
import type { AskRequest, JobEvent, JobId, RelativeBox } from '../../protocol.ts';

export interface Question {
  readonly id: JobId;
  readonly request: AskRequest;
  /** What is asked about, for example "the result" or "image 1". */
  readonly about: string;
  readonly text: string;
  /** False if the answer was cut because it did not end within its tokens. */
  readonly complete: boolean;
  /** The model would rather draw than answer in words. */
  readonly draws: boolean;
  /** Where in the picture the answer points. */
  readonly found: readonly RelativeBox[];
  /** What the person should know about the answer, in sentences. */
  readonly notes: readonly string[];
  readonly state:
    | { readonly status: 'waiting' | 'thinking' | 'done' | 'stopped' }
    | { readonly status: 'failed'; readonly error: ErrorReport };
}

export const MAX_QUESTION_LENGTH = 2_000;

export function newQuestion(id: JobId, request: AskRequest, about: string): Question {
  const state = { status: 'waiting' } as const;
  return { id, request, about, text: '', complete: true, draws: false, found: [], notes: [], state };
}

/** The question after one event of the worker. Events after its end change nothing. */
export function applyAnswerEvent(question: Question, event: JobEvent): Question {
  const { status } = question.state;
  if (status === 'done' || status === 'stopped' || status === 'failed') return question;
  switch (event.type) {
    case 'answering':
      return { ...question, text: event.text, state: { status: 'thinking' } };
    case 'done':
      if (event.result.type !== 'answer') return question;
      return {
        ...question,
        text: event.result.text,
        complete: event.result.complete,
        draws: event.result.draws,
        found: event.result.found,
        notes: event.result.notes,
        state: { status: 'done' },
      };
    case 'failed':
      return { ...question, state: { status: 'failed', error: event.error } };
    case 'cancelled':
      return { ...question, state: { status: 'stopped' } };
    default:
      return { ...question, state: { status: 'thinking' } };
  }
}

/** The words as they are shown: those of an answer that was cut go on. */
export function shownWords({ text, complete }: Question): string {
  return complete || text === '' ? text : `${text} …`;
}

/** What to say of an answer that is no answer in words; nothing if it is one. */
export function unsaid({ state, text, draws }: Question): string | undefined {
  if (state.status !== 'done') return undefined;
  if (draws) return 'It would draw a picture for this. Write it into the box where pictures are made.';
  return text === '' ? 'It has no words for this. Ask in another way.' : undefined;
}

/** "Found: cat, ball." in place of the numbers that an answer points with. */
export function foundWords(found: readonly RelativeBox[]): string {
  const names = found.map(({ label }, i) => label ?? `thing ${i + 1}`);
  return `Found: ${names.join(', ')}.`;
}
