/** The reference of the settings, from their definitions. */

import { MAX_NEW_TOKENS, SAMPLING_SETTINGS } from '../../src/settings/answer-settings.ts';
import { DRAW_SETTINGS, LARGE_MODEL_SETTINGS } from '../../src/settings/draw-settings.ts';
import { ADAPTER_STRENGTH, ROUNDS } from '../../src/settings/job-settings.ts';
import type { Setting, SettingTable } from '../../src/settings/setting.ts';
import { grid } from '../bench/table.ts';
import { wrapped } from './results.ts';

const INTRO = `The page, the command line and the library share these settings, their limits and their defaults. The
  command line writes them with dashes ("--text-guidance 4"; see [command line](command-line.md)), the library as fields
  of \`settings\` and \`sampling\` (see [embed in a page](../guides/embed-in-a-page.md)). A value outside of its limits is
  refused before anything runs. "from the model" is the size that the checkpoint was trained on; "random" is a seed that
  the result names. The commands take seed 0 and temperature 0 instead: a command that is repeated gives the same result. A model whose
  layers exceed 128 MiB has other defaults, because nearly all of its time goes into passes through them: scheduler
  ${LARGE_MODEL_SETTINGS.scheduler} and acceleration ${LARGE_MODEL_SETTINGS.acceleration} make 17 passes in place of the
  100 of the official program ([their cost in quality](../results/large-model-settings.md)).`;

/** docs/reference/settings.md */
export function settingsPage(): string {
  return `${[
    '<!-- Written by `npm run -s docs` from src/settings. -->',
    '# Settings',
    wrapped(INTRO),
    '## Drawing',
    tableOf(DRAW_SETTINGS),
    '## Reflection and adapters',
    tableOf({ rounds: ROUNDS, strength: ADAPTER_STRENGTH }),
    '## Answers',
    wrapped('Without `sampling` the likeliest token is taken each time.'),
    tableOf({ ...SAMPLING_SETTINGS, maxNewTokens: MAX_NEW_TOKENS }),
  ].join('\n\n')}\n`;
}

function tableOf(settings: SettingTable): string {
  return grid({
    columns: ['field', 'what', 'value', 'default'],
    rows: Object.entries(settings).map(([field, setting]) => [
      `\`${field}\``,
      setting.help,
      setting.unit === undefined ? setting.kind : `${setting.kind}, in ${setting.unit}`,
      defaultOf(field, setting),
    ]),
  });
}

function defaultOf(field: string, { default: value }: Setting): string {
  if (value === undefined) return field === 'seed' ? 'random' : 'from the model';
  if (value === '') return 'empty';
  return Array.isArray(value) ? value.join(', ') : String(value);
}
