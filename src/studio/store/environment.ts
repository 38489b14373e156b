/** What the studio needs from its surroundings: the worker, storage and chance. */

import type { BackendChoice, DrawingSnapshot, JobEvent, JobId } from '../../protocol.ts';
import type { WorkerPort } from '../../worker-client.ts';
import type { DrawJob } from '../jobs/draw-job.ts';
import type { Question } from '../jobs/question.ts';
import type { ChosenModel } from '../models/chosen-model.ts';
import type { Settings } from './state.ts';

/** The model to load first, and the side effects that tests replace. */
export interface StudioEnvironment {
  readonly model: ChosenModel;
  readonly builtInModel: ChosenModel;
  readonly backend: BackendChoice;
  readonly settings: Settings;
  spawn(): WorkerPort;
  /** A random integer 0 … 2^32 - 1. */
  randomSeed(): number;
  /** Keeps jobs beyond this visit. */
  readonly keeper?: StudioKeeper;
  /** Waits until no other tab draws. The returned function lets another tab draw. */
  takeTurn?(): Promise<() => void>;
}

/** Is told what happens to jobs. Calls return at once. */
export interface StudioKeeper {
  drawQueued(job: DrawJob, model: ChosenModel): void;
  questionQueued(question: Question, model: ChosenModel): void;
  event(id: JobId, event: JobEvent): void;
  snapshot(id: JobId, snapshot: DrawingSnapshot): void;
  deleted(id: JobId): Promise<void>;
  restored(id: JobId): Promise<void>;
  /** One job of the store; undefined if it is not there. */
  view(id: JobId): Promise<StoredJobs | undefined>;
}

/** Jobs of earlier visits and of other tabs. */
export interface StoredJobs {
  readonly jobs: readonly DrawJob[];
  readonly questions: readonly Question[];
  /** Those of them that wait for this tab, the next one first. */
  readonly queue: readonly JobId[];
  /** The states of unfinished drawings. */
  readonly snapshots: ReadonlyMap<JobId, DrawingSnapshot>;
}
