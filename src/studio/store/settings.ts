/**
 * The settings that outlast a visit, in localStorage: they are small, and a write is done before the page can be left.
 * A browser that refuses storage only forgets them.
 */

import { isRecord } from '../../is-record.ts';
import { MAX_ROUNDS, NEW_FORM, PRESET_NAMES } from '../composer/draw-form.ts';
import type { Pace, Paces } from '../jobs/pace.ts';
import type { Settings, Theme } from './state.ts';

const KEY = 'studio-settings';

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
    // No storage, or none left: they hold for this visit.
  }
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
