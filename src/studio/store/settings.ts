/**
 * The settings that are kept between visits, in localStorage: they are small, and a write is finished before
 * the page can be left. A browser that refuses storage forgets them.
 */

import * as z from 'zod/mini';
import { DRAW_SETTINGS, type DrawSettings } from '../../settings/draw-settings.ts';
import { ROUNDS } from '../../settings/job-settings.ts';
import { NEW_FORM, PRESET_NAMES } from '../composer/draw-form.ts';
import type { Pace, Paces } from '../jobs/pace.ts';
import { BUILT_IN } from '../models/chosen-model.ts';
import type { Draft, Settings, Theme } from './state.ts';

const KEY = 'studio-settings';

const milliseconds = z.number().check(z.minimum(0));
const pace: z.ZodMiniType<Pace> = z.object({ perStepMs: milliseconds, overheadMs: milliseconds });
const fields = z.record(z.string(), z.unknown());

const { prompt, changes, seed, seedLocked } = NEW_FORM;
const NO_DRAFT: Draft = { prompt, changes, seed, seedLocked };
const draft = z.object({
  prompt: z.string(),
  changes: z.pipe(fields, z.transform(readChanges)),
  seed: z.catch(DRAW_SETTINGS.seed.schema, seed),
  seedLocked: z.catch(z.boolean(), seedLocked),
});

export function loadSettings(preferred: Theme): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(localStorage.getItem(KEY) ?? 'null');
  } catch {
    stored = undefined;
  }
  return readSettings(stored, preferred);
}

export function saveSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Without storage they last for this visit.
  }
}

/** Reads stored settings. Each field that is missing or wrong gets its default. */
export function readSettings(stored: unknown, preferred: Theme): Settings {
  const schema = z.object({
    theme: z.catch(z.enum(['light', 'dark']), preferred),
    preset: z.catch(z.enum(PRESET_NAMES), NEW_FORM.preset),
    checksItself: z.catch(z.boolean(), NEW_FORM.checksItself),
    rounds: z.catch(z.int().check(z.minimum(2), z.maximum(ROUNDS.usual.max)), NEW_FORM.rounds),
    paces: z.pipe(z.catch(fields, {}), z.transform(readPaces)),
    acceptsCpu: z.catch(z.boolean(), false),
    sessionInFiles: z.catch(z.boolean(), true),
    model: z.catch(z.object({ key: z.string(), name: z.string() }), BUILT_IN),
    draft: z.catch(draft, NO_DRAFT),
  });
  return schema.parse(z.catch(fields, {}).parse(stored));
}

/** The changes that are settings with allowed values. */
function readChanges(stored: Readonly<Record<string, unknown>>): Partial<DrawSettings> {
  const entries = Object.entries(DRAW_SETTINGS).flatMap(([name, { schema }]): [string, unknown][] => {
    const read = schema.safeParse(stored[name]);
    return read.success ? [[name, read.data]] : [];
  });
  return Object.fromEntries(entries);
}

function readPaces(stored: Readonly<Record<string, unknown>>): Paces {
  const entries = Object.entries(stored).flatMap(([key, value]): [string, Pace][] => {
    const read = pace.safeParse(value);
    return read.success ? [[key, read.data]] : [];
  });
  return Object.fromEntries(entries);
}
