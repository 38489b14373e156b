/** The state of the studio. No framework, no worker, no storage here. */

import type { ErrorReport } from '../../errors.ts';
import type { JobId, ModelState } from '../../protocol.ts';
import { type DrawForm, type FormProblem, NEW_FORM, type PresetName } from '../composer/draw-form.ts';
import { type DrawJob, keptOf } from '../jobs/draw-job.ts';
import type { Paces } from '../jobs/pace.ts';
import type { Question } from '../jobs/question.ts';
import { quoted } from '../ui/format.ts';

export type Theme = 'light' | 'dark';

/** What the canvas shows of a job: the picture alone, or the rounds side by side. */
export type View = 'picture' | 'rounds';

/** A notice: what happened, what is safe, what to do. */
export interface Notice {
  readonly id: string;
  readonly tone: 'bad' | 'warn' | 'good';
  readonly title: string;
  readonly text: string;
  /** It is about the model and goes away with the model's next state. */
  readonly ofModel?: boolean;
  /** Its title alone is said, in one line. */
  readonly brief?: boolean;
  readonly remedy?: Remedy;
  /** Plain lines for a report of the problem. */
  readonly details?: string;
}

/** What a notice offers beside being put away. */
export type Remedy =
  | { readonly kind: 'load again' | 'try the GPU again' }
  | { readonly kind: 'make again'; readonly job: JobId }
  /** Undoes the removal of a picture; it is kept here as long as the notice stands. */
  | { readonly kind: 'bring back'; readonly job: DrawJob };

/** The model, including the moment before the worker has said anything. */
export type ModelView = { readonly status: 'starting' } | ModelState;

export interface StudioState {
  readonly theme: Theme;
  readonly model: ModelView;
  readonly form: DrawForm;
  /** What stood in the way when the person last asked for a picture. */
  readonly problems: readonly FormProblem[];
  readonly jobs: readonly DrawJob[];
  readonly questions: readonly Question[];
  /** Jobs and questions that wait for their turn, the next one first. */
  readonly queue: readonly JobId[];
  readonly running: JobId | undefined;
  /** The job on the canvas. */
  readonly shown: JobId | undefined;
  readonly view: View;
  /** A step of the film strip that the person looks back at. */
  readonly lookBack: { readonly round: number; readonly step: number } | undefined;
  readonly notices: readonly Notice[];
  readonly paces: Paces;
  /** The person has read that there is no GPU here. */
  readonly acceptsCpu: boolean;
  /** The last thing said to screen readers. */
  readonly said: string;
}

/** The small part of the state that is kept across visits. */
export interface Settings {
  readonly theme: Theme;
  readonly preset: PresetName;
  readonly checksItself: boolean;
  readonly rounds: number;
  readonly paces: Paces;
  readonly acceptsCpu: boolean;
}

export function initialState(settings: Settings): StudioState {
  const { theme, preset, checksItself, rounds, paces, acceptsCpu } = settings;
  return {
    theme,
    model: { status: 'starting' },
    form: { ...NEW_FORM, preset, checksItself, rounds },
    problems: [],
    jobs: [],
    questions: [],
    queue: [],
    running: undefined,
    shown: undefined,
    view: 'picture',
    lookBack: undefined,
    notices: [],
    paces,
    acceptsCpu,
    said: '',
  };
}

export function settingsOf(state: StudioState): Settings {
  const { preset, checksItself, rounds } = state.form;
  return {
    theme: state.theme,
    preset,
    checksItself,
    rounds,
    paces: state.paces,
    acceptsCpu: state.acceptsCpu,
  };
}

/** The notice about files that cannot be used as pictures. */
export const UNREADABLE = 'unreadable pictures';

/** The notice that there is no GPU here. */
export const CPU = 'cpu';

/** An error of the model or of a job as a notice. */
export function noticeOf(id: string, error: ErrorReport): Notice {
  return {
    id,
    tone: 'bad',
    title: error.message,
    text: error.action,
    details: `code: ${error.code}\npermanent: ${error.permanent ? 'yes' : 'no'}\n${error.message}`,
  };
}

/** Says of a job that is not on the canvas that it failed; nothing of one that did not. */
export function failureNotice(job: DrawJob): Notice | undefined {
  if (job.state.status !== 'failed') return undefined;
  const { error } = job.state;
  return {
    ...noticeOf(failureId(job.id), error),
    title: `${quoted(job.request.prompt)} was not drawn`,
    text: `${error.message} ${error.action}${keptOf(job) ? ' What was drawn of it is kept on the shelf.' : ''}`,
    remedy: error.permanent ? undefined : { kind: 'make again', job: job.id },
  };
}

export function failureId(job: JobId): string {
  return `failed ${job}`;
}

/** The notices with one more; it takes the place of one with its id. */
export function withNotice(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  return [...notices.filter(({ id }) => id !== notice.id), notice];
}

/** The notices without those about the model. */
export function withoutModel(notices: readonly Notice[]): readonly Notice[] {
  return notices.filter(({ ofModel }) => !ofModel);
}
