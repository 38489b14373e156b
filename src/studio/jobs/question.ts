/** A question about a picture, and the answer as it comes in. */

import type { ErrorReport } from '../../errors.ts';
import type { AskRequest, JobEvent, JobId } from '../../protocol.ts';

export interface Question {
  readonly id: JobId;
  readonly request: AskRequest;
  /** What is asked about, for example "the result" or "image 1". */
  readonly about: string;
  readonly text: string;
  /** What the person should know about the answer, in sentences. */
  readonly notes: readonly string[];
  readonly state:
    | { readonly status: 'waiting' | 'thinking' | 'done' | 'stopped' }
    | { readonly status: 'failed'; readonly error: ErrorReport };
}

export const MAX_QUESTION_LENGTH = 2_000;
export const ANSWER_TOKENS = 256;

export function newQuestion(id: JobId, request: AskRequest, about: string): Question {
  return { id, request, about, text: '', notes: [], state: { status: 'waiting' } };
}

/** The question after one event of the worker. Events after its end change nothing. */
export function applyAnswerEvent(question: Question, event: JobEvent): Question {
  const { status } = question.state;
  if (status === 'done' || status === 'stopped' || status === 'failed') return question;
  switch (event.type) {
    case 'answering':
      return { ...question, text: event.text, state: { status: 'thinking' } };
    case 'done':
      return event.result.type === 'answer'
        ? { ...question, text: event.result.text, notes: event.result.notes, state: { status: 'done' } }
        : question;
    case 'failed':
      return { ...question, state: { status: 'failed', error: event.error } };
    case 'cancelled':
      return { ...question, state: { status: 'stopped' } };
    default:
      return { ...question, state: { status: 'thinking' } };
  }
}
