/** The state of the studio, independent of React, the worker and storage. */

import type { Session } from '../../archive/session.ts';
import type { ErrorReport } from '../../errors.ts';
import type { JobId, ModelState } from '../../protocol.ts';
import { type DrawForm, type FormProblem, NEW_FORM, type PresetName } from '../composer/draw-form.ts';
import { type DrawJob, finalPictureOf } from '../jobs/draw-job.ts';
import type { Paces } from '../jobs/pace.ts';
import type { Question } from '../jobs/question.ts';
import type { ChosenModel, RememberedModel } from '../models/chosen-model.ts';
import type { Measurement } from '../models/measurement.ts';
import { quotePrompt } from '../ui/format.ts';

export type Theme = 'light' | 'dark';

/** How the canvas shows a job: its picture, or its rounds side by side. */
export type View = 'picture' | 'rounds';

/** A message to the person: what happened, what is safe, what to do. */
export interface Notice {
  readonly id: string;
  readonly tone: 'bad' | 'warn' | 'good';
  readonly title: string;
  readonly text: string;
  /** The notice is removed when the state of the model changes. */
  readonly aboutModel?: boolean;
  /** Show the notice in the form, beside the button that adds pictures. */
  readonly inForm?: boolean;
  /** Show only the title, in one line. */
  readonly oneLine?: boolean;
  readonly action?: NoticeAction;
  /** Lines of text for a bug report. */
  readonly details?: string;
}

/** What a notice offers besides being dismissed. */
export type NoticeAction =
  | { readonly kind: 'reload model' | 'retry GPU' | 'use built-in model' | 'open models' | 'update' }
  /** Asks the browser whether the page may read a folder of an earlier visit, and uses it. */
  | { readonly kind: 'allow folder'; readonly key: string }
  | { readonly kind: 'draw again'; readonly job: JobId }
  /** Holds the removed job until the notice is dismissed. */
  | { readonly kind: 'undo removal'; readonly job: DrawJob }
  /** Fills the form with the session that a picture file has in it. */
  | { readonly kind: 'bring back session'; readonly session: Session }
  | { readonly kind: 'undo deletion'; readonly ids: readonly JobId[] };

/** The state of the model, including the time before the worker's first message. */
export type ModelView = { readonly status: 'starting' } | ModelState;

export interface StudioState {
  readonly theme: Theme;
  /** The model that is loaded or being loaded. */
  readonly chosen: ChosenModel;
  /** The model that the person chose last. It differs from `chosen` while it cannot be opened. */
  readonly remembered: RememberedModel;
  readonly model: ModelView;
  readonly form: DrawForm;
  /** What was wrong with the form when it was last submitted. */
  readonly problems: readonly FormProblem[];
  /** How often the page has selected the text of the prompt. */
  readonly promptSelections: number;
  readonly jobs: readonly DrawJob[];
  readonly questions: readonly Question[];
  /** The last measurement of the device. */
  readonly measurement: Measurement | undefined;
  /** Waiting jobs, questions and measurements, the next one first. */
  readonly queue: readonly JobId[];
  readonly running: JobId | undefined;
  /** A job waits because another tab draws. */
  readonly otherTabDraws: boolean;
  /** The job on the canvas. */
  readonly shown: JobId | undefined;
  readonly view: View;
  /** The step whose preview is shown instead of the current picture. */
  readonly previewedStep: { readonly round: number; readonly step: number } | undefined;
  readonly notices: readonly Notice[];
  readonly paces: Paces;
  /** The person has dismissed the notice that there is no GPU. */
  readonly acceptsCpu: boolean;
  /** Whether saved pictures have their words and settings in them. */
  readonly sessionInFiles: boolean;
  /** The last announcement for screen readers. */
  readonly announcement: string;
}

/** The part of the state that is stored between visits. */
export interface Settings {
  readonly theme: Theme;
  readonly preset: PresetName;
  readonly checksItself: boolean;
  readonly rounds: number;
  readonly paces: Paces;
  readonly acceptsCpu: boolean;
  readonly sessionInFiles: boolean;
  readonly model: RememberedModel;
  /** What was in the form, apart from its pictures. */
  readonly draft: Draft;
}

/** The part of the form that belongs to the next picture. */
export type Draft = Pick<DrawForm, 'prompt' | 'changes' | 'seed' | 'seedLocked'>;

export function initialState(settings: Settings, chosen: ChosenModel): StudioState {
  const { theme, preset, checksItself, rounds, paces, acceptsCpu, sessionInFiles } = settings;
  return {
    theme,
    chosen,
    remembered: settings.model,
    model: { status: 'starting' },
    form: { ...NEW_FORM, ...settings.draft, preset, checksItself, rounds },
    problems: [],
    promptSelections: 0,
    jobs: [],
    questions: [],
    measurement: undefined,
    queue: [],
    running: undefined,
    otherTabDraws: false,
    shown: undefined,
    view: 'picture',
    previewedStep: undefined,
    notices: [],
    paces,
    acceptsCpu,
    sessionInFiles,
    announcement: '',
  };
}

export function settingsOf(state: StudioState): Settings {
  const { preset, checksItself, rounds, prompt, changes, seed, seedLocked } = state.form;
  return {
    theme: state.theme,
    preset,
    checksItself,
    rounds,
    paces: state.paces,
    acceptsCpu: state.acceptsCpu,
    sessionInFiles: state.sessionInFiles,
    model: state.remembered,
    draft: { prompt, changes, seed, seedLocked },
  };
}

/** Id of the notice about files that cannot be used as pictures. */
export const PICTURE_ERRORS = 'unreadable pictures';

/** Id of the notice that there is no GPU. */
export const CPU_NOTICE = 'cpu';

/** Id of the notice that the model of the last visit cannot be opened at once. */
export const LAST_VISIT = 'model of the last visit';

/** A notice about an error of the model or of a job. */
export function errorNotice(id: string, error: ErrorReport): Notice {
  return {
    id,
    tone: 'bad',
    title: error.message,
    text: error.action,
    details: `code: ${error.code}\npermanent: ${error.permanent ? 'yes' : 'no'}\n${error.message}`,
  };
}

/** A notice about a failed job that is not on the canvas; undefined for other jobs. */
export function failureNotice(job: DrawJob): Notice | undefined {
  if (job.state.status !== 'failed') return undefined;
  const { error } = job.state;
  return {
    ...errorNotice(failureId(job.id), error),
    title: `${quotePrompt(job.request.prompt)} was not drawn`,
    text: `${error.message} ${error.action}${finalPictureOf(job) ? ' The unfinished picture is in the results.' : ''}`,
    action: error.permanent ? undefined : { kind: 'draw again', job: job.id },
  };
}

export function failureId(job: JobId): string {
  return `failed ${job}`;
}

/** Adds a notice, which replaces one with the same id. */
export function addNotice(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  return [...notices.filter(({ id }) => id !== notice.id), notice];
}

/** Removes the notices about the model. */
export function withoutModelNotices(notices: readonly Notice[]): readonly Notice[] {
  return notices.filter(({ aboutModel }) => !aboutModel);
}
