/** What the composer holds, and the plan from it to a request: either the request, or what stands in its way. */

import { USUAL_SETTINGS } from '../../draw-settings.ts';
import { isBlank } from '../../omnigen2/language/blank.ts';
import { referenceSize } from '../../omnigen2/sizes.ts';
import type { Acceleration, DrawRequest, DrawSettings, SchedulerName } from '../../protocol.ts';
import type { Reference } from './references.ts';

export type PresetName = 'fast' | 'balanced' | 'best';

export interface Preset {
  readonly label: string;
  readonly steps: number;
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  fast: { label: 'Fast', steps: 8 },
  balanced: { label: 'Balanced', steps: USUAL_SETTINGS.steps },
  best: { label: 'Best', steps: 40 },
};
export const PRESET_NAMES: readonly PresetName[] = ['fast', 'balanced', 'best'];

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `auto` takes the size of the only reference, else a square. Sizes in pixels. */
export type SizeChoice = { readonly kind: 'auto' } | ({ readonly kind: 'fixed' } & Size);

/** Everything that a preset fixes and a person may change. */
export interface Adjustments {
  readonly size: SizeChoice;
  readonly steps: number;
  readonly textGuidance: number;
  readonly imageGuidance: number;
  /** Fractions of the steps, 0 … 1. */
  readonly guidanceRange: readonly [number, number];
  readonly scheduler: SchedulerName;
  readonly acceleration: Acceleration;
  readonly negativePrompt: string;
}

/** The state of the composer. `rounds` counts only while `checksItself`. */
export interface DrawForm {
  readonly prompt: string;
  readonly references: readonly Reference[];
  readonly preset: PresetName;
  readonly changes: Partial<Adjustments>;
  readonly seed: number;
  readonly seedLocked: boolean;
  readonly checksItself: boolean;
  readonly rounds: number;
}

export const MAX_ROUNDS = 4;
export const MAX_SEED = 0xffff_ffff;
export const MAX_PROMPT_LENGTH = 10_000;
export const STEPS = { min: 1, max: 100 } as const;
export const SIZE = { min: 64, max: 1024, multiple: 16 } as const;
export const GUIDANCE = { min: 1, max: 10 } as const;

/** Edge in pixels of the square that the built-in model has learnt; other shapes keep its area. */
export const NATIVE_EDGE = 128;

export const NEW_FORM: DrawForm = {
  prompt: '',
  references: [],
  preset: 'balanced',
  changes: {},
  seed: 0,
  seedLocked: false,
  // Off until the built-in critic is right more often than not; the person decides to wait for it.
  checksItself: false,
  rounds: MAX_ROUNDS,
};

/** The values of a preset, before any change. */
export function presetValues(preset: PresetName): Adjustments {
  return {
    ...USUAL_SETTINGS,
    size: { kind: 'auto' },
    steps: PRESETS[preset].steps,
  };
}

/** The values that hold: the preset's, with the person's changes over them. */
export function adjustmentsOf(form: DrawForm): Adjustments {
  return { ...presetValues(form.preset), ...form.changes };
}

/** Adds a change to the form; a value equal to the preset's is no change. */
export function withChange(form: DrawForm, change: Partial<Adjustments>): DrawForm {
  const preset: Record<string, unknown> = { ...presetValues(form.preset) };
  const merged = Object.entries({ ...form.changes, ...change });
  const changes = Object.fromEntries(
    merged.filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(preset[key])),
  );
  return { ...form, changes };
}

/** The size in pixels that will be drawn. */
export function sizeOf(form: DrawForm): Size {
  const wanted = wantedSize(form);
  const [only, ...others] = form.references;
  if (!only || others.length > 0 || adjustmentsOf(form).size.kind === 'fixed') return wanted;
  try {
    const maxPixels = wanted.width * wanted.height;
    return referenceSize(only, { maxPixels, maxReferenceSide: SIZE.max });
  } catch {
    // Too narrow to be drawn from: the engine refuses it in words.
    return wanted;
  }
}

/** The size to ask for. Where the only reference decides, it says no more than the area that this may have. */
function wantedSize(form: DrawForm): Size {
  const { size } = adjustmentsOf(form);
  return size.kind === 'fixed' ? size : shapeLike(1);
}

/** The size with the built-in model's area and nearly the aspect `ratio` = width / height. */
export function shapeLike(ratio: number): Size {
  const edge = (length: number) => {
    const rounded = Math.round(length / SIZE.multiple) * SIZE.multiple;
    return Math.min(SIZE.max, Math.max(SIZE.min, rounded));
  };
  return { width: edge(NATIVE_EDGE * Math.sqrt(ratio)), height: edge(NATIVE_EDGE / Math.sqrt(ratio)) };
}

export type FormField =
  | 'prompt'
  | 'size'
  | 'steps'
  | 'textGuidance'
  | 'imageGuidance'
  | 'guidanceRange'
  | 'seed'
  | 'rounds';

/** One thing that stands in the way of drawing, and what to do about it. */
export interface FormProblem {
  readonly field: FormField;
  readonly message: string;
  readonly action: string;
}

export type DrawPlan =
  /** `size` is what will be drawn. */
  | { readonly ok: true; readonly request: DrawRequest; readonly size: Size }
  | { readonly ok: false; readonly problems: readonly FormProblem[] };

/** Checks the form and makes the request of it. `seed` is the seed to draw with. */
export function planDrawing(form: DrawForm, seed: number): DrawPlan {
  const values = adjustmentsOf(form);
  const { width, height } = wantedSize(form);
  const settings: DrawSettings = {
    width,
    height,
    alignSize: values.size.kind === 'auto',
    steps: values.steps,
    seed,
    textGuidance: values.textGuidance,
    imageGuidance: values.imageGuidance,
    guidanceRange: values.guidanceRange,
    scheduler: values.scheduler,
    acceleration: values.acceleration,
    negativePrompt: values.negativePrompt,
  };
  const rounds = form.checksItself ? form.rounds : 1;
  const problems = [...promptProblems(form), ...settingsProblems(settings), ...roundsProblems(rounds)];
  if (problems.length > 0) return { ok: false, problems };
  const references = form.references.map((reference) => reference.blob);
  const request = { prompt: form.prompt.trim(), references, settings, rounds };
  return { ok: true, request, size: sizeOf(form) };
}

function promptProblems(form: DrawForm): readonly FormProblem[] {
  // Characters as people count them, not halves of emoji.
  const { length } = [...form.prompt.trim()];
  if (isBlank(form.prompt)) {
    const action =
      form.references.length > 0
        ? 'Write what should become of the pictures, for example “make the bunny happy”.'
        : 'Write what you want to see, or click one of the examples.';
    return [{ field: 'prompt', message: 'There are no words to draw from yet.', action }];
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
  const problems: FormProblem[] = [];
  if (!isEdge(settings.width) || !isEdge(settings.height)) {
    problems.push({
      field: 'size',
      message: `The size ${shown(settings.width)} × ${shown(settings.height)} cannot be drawn.`,
      action: `Choose width and height from ${SIZE.min} to ${SIZE.max}, each a multiple of ${SIZE.multiple}.`,
    });
  }
  if (!Number.isInteger(settings.steps) || !inRange(settings.steps, STEPS.min, STEPS.max)) {
    problems.push({
      field: 'steps',
      message: `${shown(settings.steps)} is not a number of steps.`,
      action: `Choose a whole number from ${STEPS.min} to ${STEPS.max}.`,
    });
  }
  for (const [field, name] of [
    ['textGuidance', 'Text guidance'],
    ['imageGuidance', 'Image guidance'],
  ] as const) {
    if (inRange(settings[field], GUIDANCE.min, GUIDANCE.max)) continue;
    problems.push({
      field,
      message: `${name} ${shown(settings[field])} is out of range.`,
      action: `Choose a number from ${GUIDANCE.min} to ${GUIDANCE.max}.`,
    });
  }
  const [from, to] = settings.guidanceRange;
  if (!inRange(from, 0, 1) || !inRange(to, 0, 1) || from > to) {
    problems.push({
      field: 'guidanceRange',
      message: 'The guided part of the steps ends before it begins.',
      action: 'Choose a start that is not after the end, both from 0 to 100 %.',
    });
  }
  if (!isSeed(settings.seed)) {
    problems.push({
      field: 'seed',
      message: `${shown(settings.seed)} is not a seed.`,
      action: `Choose a whole number from 0 to ${grouped(MAX_SEED)}, or roll the dice.`,
    });
  }
  return problems;
}

function roundsProblems(rounds: number): readonly FormProblem[] {
  if (Number.isInteger(rounds) && inRange(rounds, 1, MAX_ROUNDS)) return [];
  return [
    {
      field: 'rounds',
      message: `${shown(rounds)} is not a number of rounds.`,
      action: `Choose from 1 to ${MAX_ROUNDS} rounds.`,
    },
  ];
}

/** Whether a picture can be so many pixels wide or high. */
export function isEdge(value: number): boolean {
  return inRange(value, SIZE.min, SIZE.max) && value % SIZE.multiple === 0;
}

export function isSeed(value: number): boolean {
  return Number.isInteger(value) && inRange(value, 0, MAX_SEED);
}

/** What was typed as a seed, digits in groups too; NaN if it is no number. Whether it can be one, {@link isSeed} says. */
export function readSeed(typed: string): number {
  const plain = typed.replace(/[\s,]/g, '');
  return /^[-−]?\d+(?:\.\d*)?$/.test(plain) ? Number(plain.replace('−', '-')) : Number.NaN;
}

function inRange(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

function shown(value: number): string {
  return Number.isNaN(value) ? 'Nothing' : String(value);
}

/** 10000 -> "10,000" */
function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
