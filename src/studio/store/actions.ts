/** What components can do with the studio. */

import type { JobId } from '../../protocol.ts';
import type { DrawSettings } from '../../settings/draw-settings.ts';
import type { PresetName } from '../composer/draw-form.ts';
import type { Reference } from '../composer/references.ts';
import type { DrawJob } from '../jobs/draw-job.ts';
import type { ChosenModel } from '../models/chosen-model.ts';
import type { StoredJobs } from './environment.ts';
import type { Notice, StudioState, Theme, View } from './state.ts';

export interface StudioActions {
  setTheme(theme: Theme): void;
  setPrompt(prompt: string): void;
  /** Focuses the prompt and selects its text, so that typing replaces it. */
  selectPrompt(): void;
  /** Adds pictures up to the limit. `skipped` counts pictures that the caller has already left out. */
  addReferences(added: readonly Reference[], skipped?: number): void;
  replaceReferences(references: readonly Reference[]): void;
  moveReference(from: number, to: number): void;
  removeReference(id: string): void;
  setPreset(preset: PresetName): void;
  change(change: Partial<DrawSettings>): void;
  resetSettings(): void;
  setSeed(seed: number): void;
  rollSeed(): void;
  lockSeed(locked: boolean): void;
  setChecksItself(on: boolean): void;
  setRounds(rounds: number): void;
  /**
   * Checks the form and starts or queues the picture. Returns false and sets `problems` if the form is
   * invalid.
   */
  draw(): boolean;
  /** Starts or queues the same request again, with the same seed. */
  drawAgain(id: JobId): void;
  /** Continues a drawing that lacked memory, with the smaller plan that it was offered. */
  goOn(id: JobId): void;
  /** Fills the form with an example and draws it, with the example's seed and size. */
  drawExample(example: ExampleRequest): void;
  /** @param job the job whose picture it is; undefined for a reference */
  ask(question: string, picture: Blob, job?: JobId): void;
  /** Starts or queues a measurement of the device, unless one waits or runs. */
  measure(): void;
  /** Stops the measurement that waits or runs. */
  stopMeasuring(): void;
  /** Stops the running job and keeps its picture so far. */
  stop(): void;
  /** Removes a waiting job or question from the queue. */
  removeFromQueue(id: JobId): void;
  /** Removes a job that is over from the results. The notice about it can undo this. */
  removeResult(id: JobId): void;
  /** Undoes {@link StudioActions.removeResult}. */
  restoreResult(job: DrawJob): void;
  /** Shows a job on the canvas. */
  show(id: JobId): void;
  /** Empties the canvas. */
  showNothing(): void;
  /** Empties the canvas and the prompt. The results and the references are kept. */
  clearCanvas(): void;
  setSessionInFiles(on: boolean): void;
  setView(view: View): void;
  previewStep(step: StudioState['previewedStep']): void;
  notify(notice: Notice): void;
  dismiss(noticeId: string): void;
  /** Starts a new worker and loads the chosen model. */
  loadModel(): void;
  /** Replaces the model. The running job ends with its worker; waiting jobs run on the new model. */
  chooseModel(model: ChosenModel): void;
  chooseBuiltInModel(): void;
  /** Loads the first model of a visit, which may differ from the one that is remembered. */
  startWith(model: ChosenModel): void;
  /** Goes back to the built-in model if this one is in use. Call it before a model is deleted. */
  leaveModel(key: string): void;
  /** Shows a job of the store on the canvas. Resolves to false if it is not there. */
  openStored(id: JobId): Promise<boolean>;
  /** Deletes jobs from the store. The notice about it can undo this. */
  deleteStored(ids: readonly JobId[]): void;
  /** Undoes {@link StudioActions.deleteStored}. */
  restoreStored(ids: readonly JobId[]): void;
  /** Adds jobs of earlier visits or of another tab. Jobs that are known are replaced unless they are here. */
  addStored(stored: StoredJobs): void;
  /** Announces a text to screen readers. */
  announce(announcement: string): void;
  dispose(): void;
}

export interface ExampleRequest {
  readonly prompt: string;
  readonly references: readonly Reference[];
  readonly seed: number;
  readonly width: number;
  readonly height: number;
}
