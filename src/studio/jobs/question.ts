/** A question about a picture: a reducer over the worker's events. */

import type { ErrorReport } from '../../errors.ts';
import { hasBoxJson, NO_USABLE_ANSWER } from '../../omnigen2/language/grounding.ts';
import type { AskRequest, JobEvent, JobId, RelativeBox } from '../../protocol.ts';

export interface Question {
  readonly id: JobId;
  readonly request: AskRequest;
  /** The job whose picture the question is about; undefined for a reference. */
  readonly job: JobId | undefined;
  readonly text: string;
  /** False if the answer was cut at the token limit. */
  readonly complete: boolean;
  /** The model wants to draw a picture instead of answering in words. */
  readonly draws: boolean;
  /** The objects in the picture that the answer points at. */
  readonly found: readonly RelativeBox[];
  /** Notes about the answer, each a sentence. */
  readonly notes: readonly string[];
  readonly state:
    | { readonly status: 'waiting' | 'answering' | 'done' | 'stopped' }
    | { readonly status: 'failed'; readonly error: ErrorReport };
}

/** In characters. */
export const MAX_QUESTION_LENGTH = 2_000;

export function newQuestion(id: JobId, request: AskRequest, job?: JobId): Question {
  const state = { status: 'waiting' } as const;
  return { id, request, job, text: '', complete: true, draws: false, found: [], notes: [], state };
}

/** The question after one event of the worker. Ignores events that arrive after its end. */
export function applyAnswerEvent(question: Question, event: JobEvent): Question {
  const { status } = question.state;
  if (status === 'done' || status === 'stopped' || status === 'failed') return question;
  switch (event.type) {
    case 'answering':
      return { ...question, text: event.text, state: { status: 'answering' } };
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
      return { ...question, state: { status: 'answering' } };
  }
}

/** A reply that begins with a fence or a bracket. It will probably contain boxes. */
const OPENS_JSON = /^\s*(?:```|[[{])/;

/** The answer so far, with an ellipsis if it was cut; empty for the JSON of boxes. */
export function answerText({ state, text, complete }: Question): string {
  if (hasBoxJson(text) || (state.status === 'answering' && OPENS_JSON.test(text))) return '';
  return complete || text === '' ? text : `${text} …`;
}

/** Explains an answer without usable text or one that asks for a picture; undefined for other answers. */
export function noAnswerText({ state, text, draws, found }: Question): string | undefined {
  if (state.status !== 'done') return undefined;
  if (draws) return 'That is a request to draw.';
  if (found.length > 0) return undefined;
  if (hasBoxJson(text)) return NO_USABLE_ANSWER;
  return text === '' ? 'The model gave no answer. Try asking in another way.' : undefined;
}

/** "Found: cat, ball.", which replaces the coordinates in the answer. */
export function foundText(found: readonly RelativeBox[]): string {
  const names = found.map(({ label }, i) => label ?? `object ${i + 1}`);
  return `Found: ${names.join(', ')}.`;
}
