/** Checks settings, and turns what is wrong with them into errors for people. */

import { OmniError } from '../errors.ts';
import type { Setting, SettingTable, ValuesOf } from './setting.ts';

/** @throws OmniError `bad_request` for a value that the setting does not allow */
export function checkSetting(setting: Setting, value: unknown): void {
  if (setting.schema.safeParse(value).success) return;
  throw new OmniError({ code: 'bad_request', message: setting.refusal(value), action: setting.advice });
}

/**
 * Checks the values of all settings of a table; other fields are ignored.
 * @throws OmniError `bad_request` for the first wrong value
 */
export function checkSettings<Table extends SettingTable>(table: Table, values: ValuesOf<Table>): void {
  for (const [name, setting] of Object.entries(table)) checkSetting(setting, values[name]);
}
