/** The settings that outlast a visit, in IndexedDB. A browser that refuses storage only forgets them. */

import { get, set } from 'idb-keyval';
import { isRecord } from '../../is-record.ts';
import { MAX_ROUNDS, NEW_FORM, PRESET_NAMES } from '../composer/draw-form.ts';
import type { Pace, Paces } from '../jobs/pace.ts';
import type { Settings, Theme } from './state.ts';

const KEY = 'studio-settings';

export async function loadSettings(preferred: Theme): Promise<Settings> {
  const stored = await get<unknown>(KEY).catch(() => undefined);
  return readSettings(stored, preferred);
}

export async function saveSettings(settings: Settings): Promise<void> {
  await set(KEY, settings).catch(() => undefined);
}

/** Reads stored settings field by field; what is missing or wrong takes its default. */
export function readSettings(stored: unknown, preferred: Theme): Settings {
  const from = isRecord(stored) ? stored : {};
  const { rounds } = from;
  return {
    theme: from.theme === 'light' || from.theme === 'dark' ? from.theme : preferred,
    preset: PRESET_NAMES.find((name) => name === from.preset) ?? NEW_FORM.preset,
    checksItself: typeof from.checksItself === 'boolean' ? from.checksItself : NEW_FORM.checksItself,
    rounds:
      typeof rounds === 'number' && Number.isInteger(rounds) && rounds >= 2 && rounds <= MAX_ROUNDS
        ? rounds
        : NEW_FORM.rounds,
    paces: readPaces(from.paces),
    acceptsCpu: from.acceptsCpu === true,
  };
}

/**
 * Settings that were stored on an earlier visit, under those of a visit that began without them: a setting that still
 * has the value it began with takes the stored one.
 */
export function mergeSettings(now: Settings, began: Settings, stored: Settings): Settings {
  const pick = <K extends keyof Settings>(key: K): Settings[K] =>
    now[key] === began[key] ? stored[key] : now[key];
  return {
    theme: pick('theme'),
    preset: pick('preset'),
    checksItself: pick('checksItself'),
    rounds: pick('rounds'),
    paces: { ...stored.paces, ...now.paces },
    acceptsCpu: pick('acceptsCpu'),
  };
}

function readPaces(stored: unknown): Paces {
  if (!isRecord(stored)) return {};
  const entries = Object.entries(stored).flatMap(([key, value]): [string, Pace][] => {
    if (!isRecord(value)) return [];
    const { perStepMs, overheadMs } = value;
    return isTime(perStepMs) && isTime(overheadMs) ? [[key, { perStepMs, overheadMs }]] : [];
  });
  return Object.fromEntries(entries);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
