/**
 * The one error type of the project. It crosses the worker boundary whole, as plain data.
 *
 * Every error says what happened and what the person can do, in words; code branches on `code`, never on
 * text.
 */

/** Kinds of errors, by where a person can act on them. */
export const ERROR_CODES = [
  /** A request that cannot be run as it is: prompt, size, steps, number of references … */
  'bad_request',
  /** A picture that cannot be read or used. */
  'bad_image',
  /** A checkpoint folder, configuration or weights file that is damaged or not what it claims to be. */
  'bad_checkpoint',
  /** A valid configuration value that this program does not implement. */
  'unsupported',
  /** The device (GPU, browser) cannot do what is needed, or has failed. */
  'device',
  /** The device has too little memory. */
  'memory',
  /** A file or download could not be read to its end; trying again may help. */
  'unreachable',
  /** Storage is full, locked or refused. */
  'storage',
  /** The person cancelled. */
  'cancelled',
  /** A defect of this program. */
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error as plain data, as it crosses the worker boundary. */
export interface ErrorReport {
  readonly code: ErrorCode;
  /** True if trying the same thing again cannot help. */
  readonly permanent: boolean;
  /** One sentence: what is wrong. Names the file, tensor, field or argument. */
  readonly message: string;
  /** One sentence: what the person can do. */
  readonly action: string;
}

/**
 * An error that a person can read: what is wrong and what to do about it.
 *
 * @example
 * throw new OmniError({ code: 'bad_request', message: 'The prompt is empty.', action: 'Say what to draw.' });
 */
export class OmniError extends Error implements ErrorReport {
  override readonly name = 'OmniError';
  readonly code: ErrorCode;
  readonly permanent: boolean;
  readonly action: string;

  constructor(report: Omit<ErrorReport, 'permanent'> & { permanent?: boolean; cause?: unknown }) {
    super(report.message, { cause: report.cause });
    this.code = report.code;
    this.permanent = report.permanent ?? !(report.code === 'unreachable' || report.code === 'cancelled');
    this.action = report.action;
  }

  /** The plain data of this error, for `postMessage` and for JSON. */
  toReport(): ErrorReport {
    return { code: this.code, permanent: this.permanent, message: this.message, action: this.action };
  }
}

/**
 * Turns anything thrown into a report. An {@link OmniError} keeps its sentences. An abort becomes `cancelled`
 * only if `signal` is aborted, because browsers use the same error when they end something themselves.
 * Anything else is a defect of this program or of an engine and becomes `internal`.
 * @param doing names the activity that failed, as the subject of a sentence: "Drawing"
 */
export function reportOf(thrown: unknown, doing: string, signal?: AbortSignal): ErrorReport {
  if (thrown instanceof OmniError) return thrown.toReport();
  if (signal?.aborted && isAbort(thrown)) {
    return { code: 'cancelled', permanent: false, message: 'Stopped.', action: 'Start again when you like.' };
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'internal',
    permanent: false,
    message: `${doing} failed: ${firstLine(detail)}`,
    action: 'Try again. If it happens again, please report it with this text.',
  };
}

/** Whether a thrown value is the error of an aborted AbortSignal, whichever signal it was. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
}
