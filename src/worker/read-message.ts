/** Reads the messages of the page. */

import { type ErrorReport, OmniError } from '../errors.ts';
import {
  type AdapterChangeId,
  type FromWorker,
  type JobId,
  openOfAnyVersion,
  PROTOCOL_VERSION,
  type ToWorker,
  toWorkerSchema,
} from '../protocol.ts';
import { type Problem, pathText, validate } from '../settings/validate.ts';
import { valueWords } from '../settings/value-words.ts';

export type ReadMessage =
  | { readonly ok: true; readonly message: ToWorker }
  /** `answer` goes to whoever waits for one; absent if nobody can be told. */
  | { readonly ok: false; readonly error: ErrorReport; readonly answer: FromWorker | undefined };

/** Reads one message. A wrong one is refused in one sentence and affects nothing but itself. */
export function readMessage(data: unknown): ReadMessage {
  const open = openOfAnyVersion.safeParse(data);
  if (open.success && open.data.version !== PROTOCOL_VERSION) {
    const error = wrongVersion(open.data.version);
    return { ok: false, error, answer: { type: 'model', state: { status: 'failed', error } } };
  }
  const read = validate(toWorkerSchema, data);
  if (read.ok) return { ok: true, message: read.value };
  const error = refusal(read.problem);
  return { ok: false, error, answer: answerTo(data, error) };
}

function wrongVersion(version: unknown): ErrorReport {
  return new OmniError({
    code: 'internal',
    message: `The page speaks version ${version} of the protocol and its worker version ${PROTOCOL_VERSION}.`,
    action: 'Reload the page: a newer version was installed while it was open.',
  }).toReport();
}

function refusal({ path, setting, value, expected, unknownField }: Problem): ErrorReport {
  if (setting) {
    const message = setting.refusal(value);
    return new OmniError({ code: 'bad_request', message, action: setting.advice }).toReport();
  }
  const place = pathText(path) || 'it';
  const what =
    unknownField === undefined
      ? `${place} must be ${expected}, not ${valueWords(value)}`
      : `${place} has an unknown field "${unknownField}"`;
  return new OmniError({
    code: 'internal',
    message: `The worker does not understand a message of the page: ${what}.`,
    action: 'Try again. If it happens again, please report it with this text.',
  }).toReport();
}

function answerTo(data: unknown, error: ErrorReport): FromWorker | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  if ('job' in data && typeof data.job === 'string') {
    return { type: 'job', job: data.job as JobId, event: { type: 'failed', error } };
  }
  if ('change' in data && typeof data.change === 'string') {
    const outcome = { status: 'failed', error } as const;
    return { type: 'adapters', change: data.change as AdapterChangeId, outcome };
  }
  return undefined;
}
