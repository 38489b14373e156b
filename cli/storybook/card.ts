/** The figures of the model card: written by the benchmark itself, between two marks. */

import { OmniError } from '../../src/errors.ts';

const START = '<!-- figures -->';
const END = '<!-- /figures -->';

/**
 * The card with these tables in place of those it had.
 * @throws OmniError `bad_request` if the marks are not in it, each on a line of its own
 */
export function withFigures(card: string, command: string, tables: readonly string[]): string {
  const start = card.indexOf(`${START}\n`);
  const end = card.indexOf(`${END}\n`, start);
  if (start < 0 || end < 0) {
    throw new OmniError({
      code: 'bad_request',
      message: `The card has no place for figures: a line "${START}" and below it a line "${END}".`,
      action: 'Add both lines to it.',
    });
  }
  const figures = `\n\`\`\`\n${command}\n\`\`\`\n\n${tables.join('\n\n')}\n\n`;
  return card.slice(0, start + START.length + 1) + figures + card.slice(end);
}
