/** The models that the page knows, besides the built-in one, and what is done with them. */

import type { ErrorReport } from '../../errors.ts';
import type {
  FolderSummary,
  InstalledModel,
  InstallProgress,
  RequestId,
  StorageSpace,
} from '../../models-protocol.ts';
import type { FolderSource } from '../../protocol.ts';

/** A folder that the person picked or dropped. It is read in place. */
export interface FolderModel {
  readonly key: string;
  readonly name: string;
  readonly folder: FolderSource;
  readonly summary: FolderSummary;
  /** The browser asks the person before the page may read it. */
  readonly needsPermission: boolean;
}

/** An install, a conversion or a check that is going on. */
export interface Transfer {
  readonly request: RequestId;
  readonly kind: 'install' | 'convert' | 'resume' | 'verify';
  /** The model, as soon as the worker has named it. */
  readonly id?: string;
  /** What the person gave: an address, or the name of a folder or model. */
  readonly label: string;
  readonly progress?: InstallProgress;
  /** Bytes done and when, of the last seconds, to measure the speed. */
  readonly samples: readonly Sample[];
  readonly pausing: boolean;
  /** Whether the address field still holds its address: until the model is in the list. */
  readonly inField: boolean;
}

export interface Sample {
  readonly atMs: number;
  readonly doneBytes: number;
}

/** How the last transfer of a model ended. */
export type Ending =
  | { readonly tone: 'good'; readonly text: string }
  | { readonly tone: 'bad'; readonly error: ErrorReport };

export interface ModelsState {
  /** Whether the list of installed models has arrived. */
  readonly listed: boolean;
  readonly installed: readonly InstalledModel[];
  readonly space: StorageSpace | undefined;
  readonly folders: readonly FolderModel[];
  readonly transfers: readonly Transfer[];
  /** By id of the model. */
  readonly endings: Readonly<Record<string, Ending>>;
  /** The name of the folder that is being checked. */
  readonly checking: string | undefined;
  /** Why the last folder or address was refused. */
  readonly refusal: Pick<ErrorReport, 'message' | 'action'> | undefined;
  /** The hub id or web address that the person types. It stays until its install is in the list. */
  readonly address: string;
  /** Access token for gated repositories. It is never stored. */
  readonly token: string;
}

export const NO_MODELS: ModelsState = {
  listed: false,
  installed: [],
  space: undefined,
  folders: [],
  transfers: [],
  endings: {},
  checking: undefined,
  refusal: undefined,
  address: '',
  token: '',
};

const SPEED_WINDOW_MS = 10_000;

/** The transfer after new progress. */
export function withProgress(transfer: Transfer, progress: InstallProgress, nowMs: number): Transfer {
  // A new phase counts other bytes at another speed.
  const samePhase = transfer.progress?.phase === progress.phase;
  const recent = samePhase ? transfer.samples.filter(({ atMs }) => nowMs - atMs <= SPEED_WINDOW_MS) : [];
  const samples = [...recent, { atMs: nowMs, doneBytes: progress.doneBytes }];
  return { ...transfer, id: progress.id, progress, samples };
}

const MEASURED_MS = 2000;
/** An install that has just begun looks slower than it is. */
const BELIEVABLE_MS = 24 * 3_600_000;

/** Measured speed and the time that remains at it; undefined until both can be told. */
export function paceOf({
  progress,
  samples,
}: Transfer): { readonly bytesPerSecond: number; readonly remainingMs: number } | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (!progress || !first || !last || last.atMs - first.atMs < MEASURED_MS) return undefined;
  const bytesPerMs = (last.doneBytes - first.doneBytes) / (last.atMs - first.atMs);
  const remainingMs = (progress.totalBytes - progress.doneBytes) / bytesPerMs;
  return remainingMs < BELIEVABLE_MS ? { bytesPerSecond: bytesPerMs * 1000, remainingMs } : undefined;
}
