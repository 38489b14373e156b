/** The state of the composer, and the request that follows from it. */

import { isBlank } from '../../omnigen2/language/blank.ts';
import { OFFICIAL_LIMITS, referenceSize } from '../../omnigen2/sizes.ts';
import type { DrawRequest } from '../../protocol.ts';
import {
  DEFAULT_SETTINGS,
  DRAW_SETTINGS,
  type DrawSettings,
  defaultSettings,
  type ModelSize,
} from '../../settings/draw-settings.ts';
import { ROUNDS } from '../../settings/job-settings.ts';
import type { Setting } from '../../settings/setting.ts';
import { grouped } from '../../settings/value-words.ts';
import type { Reference } from './references.ts';

export type PresetName = 'fast' | 'balanced' | 'best';

export interface Preset {
  readonly label: string;
  readonly steps: number;
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  fast: { label: 'Fast', steps: 8 },
  balanced: { label: 'Balanced', steps: DEFAULT_SETTINGS.steps },
  best: { label: 'Best', steps: 40 },
};
export const PRESET_NAMES: readonly PresetName[] = ['fast', 'balanced', 'best'];

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The controls of the page. */
export interface DrawForm {
  readonly prompt: string;
  readonly references: readonly Reference[];
  readonly preset: PresetName;
  /** The settings that differ from the preset. */
  readonly changes: Partial<DrawSettings>;
  /** The seed of the last picture, or of the next one if it is locked. */
  readonly seed: number;
  readonly seedLocked: boolean;
  /** Whether a drawing has more than one round. */
  readonly checksItself: boolean;
  readonly rounds: number;
  /** Side in pixels of the square pictures that the model was trained on. */
  readonly trainedSide: number;
  /** Side in pixels of a square picture unless the person chooses another size: smaller on a slow device. */
  readonly usualSide: number;
  /** A large model has other defaults: fewer passes through its layers. */
  readonly modelSize: ModelSize;
}

/** In characters. */
export const MAX_PROMPT_LENGTH = 10_000;

/** Side in pixels of the square pictures that the built-in model was trained on. */
export const TRAINED_SIDE = 128;

export const NEW_FORM: DrawForm = {
  prompt: '',
  references: [],
  preset: 'balanced',
  changes: {},
  seed: 0,
  seedLocked: false,
  // Off: checking takes time, and the critic of the built-in model is often wrong.
  checksItself: false,
  rounds: ROUNDS.usual.max,
  trainedSide: TRAINED_SIDE,
  usualSide: TRAINED_SIDE,
  modelSize: 'small',
};

/** The settings of the form's preset, without changes. */
export function presetSettings({
  preset,
  usualSide,
  modelSize,
}: Pick<DrawForm, 'preset' | 'usualSide' | 'modelSize'>): Omit<DrawSettings, 'seed'> {
  return { ...defaultSettings(modelSize), ...shapeLike(1, usualSide), steps: PRESETS[preset].steps };
}

/** The settings of the form: those of the preset with the changes. */
export function settingsOf(form: DrawForm): Omit<DrawSettings, 'seed'> {
  return { ...presetSettings(form), ...form.changes };
}

/** The form with changed settings. A value that equals the preset's is no change. */
export function withChange(form: DrawForm, change: Partial<DrawSettings>): DrawForm {
  const preset: Readonly<Record<string, unknown>> = { ...presetSettings(form) };
  const merged = Object.entries({ ...form.changes, ...change });
  const changes = Object.fromEntries(
    merged.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(preset[name])),
  );
  return { ...form, changes };
}

/** How many controls differ from the preset. Width, height and whether they are fixed are one control. */
export function changeCount({ changes }: DrawForm): number {
  const { width, height, alignSize, ...others } = changes;
  const isSized = width !== undefined || height !== undefined || alignSize !== undefined;
  return Object.keys(others).length + (isSized ? 1 : 0);
}

/** The size of the picture in pixels. */
export function sizeOf(form: DrawForm): Size {
  const { width, height, alignSize } = settingsOf(form);
  const [only, ...others] = form.references;
  if (!only || others.length > 0 || !alignSize) return { width, height };
  try {
    const { maxReferenceSide } = OFFICIAL_LIMITS;
    return referenceSize(only, { maxPixels: width * height, maxReferenceSide });
  } catch {
    // The reference is too narrow to be drawn from. The worker refuses it with an error.
    return { width, height };
  }
}

/** The size with the area of `usualSide` squared and about the aspect `ratio` = width / height. */
export function shapeLike(ratio: number, usualSide: number): Size {
  const { min, max, step } = DRAW_SETTINGS.width.usual;
  const side = (length: number) => Math.min(max, Math.max(min, Math.round(length / step) * step));
  return { width: side(usualSide * Math.sqrt(ratio)), height: side(usualSide / Math.sqrt(ratio)) };
}

/** The settings, apart from the size, that people can set to a wrong value. */
const TYPED = ['steps', 'textGuidance', 'imageGuidance', 'guidanceRange', 'seed'] as const;

/** What a problem is about. */
export type FormField = 'prompt' | 'size' | 'rounds' | (typeof TYPED)[number];

/** One reason why the form cannot be drawn. */
export interface FormProblem {
  readonly field: FormField;
  readonly message: string;
  readonly action: string;
}

/** The request of a form, or the reasons why there is none. */
export type FormResult =
  /** `size` is that of the picture. */
  | { readonly ok: true; readonly request: DrawRequest; readonly size: Size }
  | { readonly ok: false; readonly problems: readonly FormProblem[] };

/** Checks the form and makes its request with a seed. */
export function requestOf(form: DrawForm, seed: number): FormResult {
  const settings: DrawSettings = { ...settingsOf(form), seed };
  const rounds = form.checksItself ? form.rounds : ROUNDS.default;
  const problems = [...promptProblems(form), ...settingsProblems(settings), ...roundsProblems(rounds)];
  if (problems.length > 0) return { ok: false, problems };
  const references = form.references.map((reference) => reference.blob);
  const request = { prompt: form.prompt.trim(), references, settings, rounds };
  return { ok: true, request, size: sizeOf(form) };
}

function promptProblems(form: DrawForm): readonly FormProblem[] {
  // Code points: an emoji is one character.
  const { length } = [...form.prompt.trim()];
  if (isBlank(form.prompt)) {
    const action =
      form.references.length > 0
        ? 'Describe what you want, for example “make the bunny happy”.'
        : 'Describe what you want to see, or click an example.';
    return [{ field: 'prompt', message: 'The prompt is empty.', action }];
  }
  if (length <= MAX_PROMPT_LENGTH) return [];
  return [
    {
      field: 'prompt',
      message: `The prompt has ${grouped(length)} characters; the limit is ${grouped(MAX_PROMPT_LENGTH)}.`,
      action: `Shorten it by ${grouped(length - MAX_PROMPT_LENGTH)} characters.`,
    },
  ];
}

function settingsProblems(settings: DrawSettings): readonly FormProblem[] {
  const problems = TYPED.flatMap((field): FormProblem[] => {
    const setting = DRAW_SETTINGS[field];
    const value = settings[field];
    if (setting.schema.safeParse(value).success) return [];
    return [{ field, ...problemOf(setting, value) }];
  });
  const { width, height } = settings;
  if (isSide(width) && isSide(height)) return problems;
  const size: FormProblem = {
    field: 'size',
    message: sizeMessage(width, height),
    action: `Choose a width and a height, each ${DRAW_SETTINGS.width.kind}.`,
  };
  return [size, ...problems];
}

function roundsProblems(rounds: number): readonly FormProblem[] {
  if (ROUNDS.schema.safeParse(rounds).success) return [];
  return [{ field: 'rounds', ...problemOf(ROUNDS, rounds) }];
}

function problemOf(setting: Setting, value: unknown): Omit<FormProblem, 'field'> {
  // It is empty or holds words.
  if (Number.isNaN(value))
    return { message: `The ${setting.name} must be a number.`, action: `Choose ${setting.kind}.` };
  // The refusal already says which values are allowed.
  return { message: setting.refusal(value), action: setting.advice };
}

/** Whether pictures can have this width or height. */
export function isSide(value: number): boolean {
  return DRAW_SETTINGS.width.schema.safeParse(value).success;
}

export function isSeed(value: number): boolean {
  return DRAW_SETTINGS.seed.schema.safeParse(value).success;
}

/**
 * The number that was typed as a seed, also with digits in groups; NaN if it is no number. {@link isSeed}
 * checks it.
 */
export function readSeed(typed: string): number {
  const plain = typed.replace(/[\s,]/g, '');
  return /^[-−]?\d+(?:\.\d*)?$/.test(plain) ? Number(plain.replace('−', '-')) : Number.NaN;
}

function sizeMessage(width: number, height: number): string {
  if (Number.isNaN(width)) return 'The width is missing.';
  if (Number.isNaN(height)) return 'The height is missing.';
  return `A picture of ${width} × ${height} pixels cannot be drawn.`;
}
