/**
 * Figures that a page quotes. A quote is a link to the page of results, and its title names the row:
 *
 *   [96.2%](docs/results/built-in-model.md#from-words-t2i "checks right")
 *   [1.27%](../results/quantization.md "q8 / latents, relative RMS")
 *
 * The part behind ` / ` names the column, by default the second. A page with several tables needs the
 * heading's anchor.
 */

import { OmniError } from '../../src/errors.ts';
import { isStale, type Results } from './results.ts';

const QUOTE = /\[([^\]]*)(\]\(([^()\s]*\bresults\/([\w-]+)\.md)(?:#([\w-]+))?\s+"([^"]*)"\))/g;

/**
 * The page with every quoted figure as its source has it.
 * @param weights SHA-256 of the present trained checkpoint
 * @throws OmniError `bad_request` for a quote without a source, or of figures of earlier weights
 * @example
 * withQuotes('README.md', '[95%](docs/results/speed.md "q8 / size")', results, weights);
 */
export function withQuotes(
  page: string,
  text: string,
  results: ReadonlyMap<string, Results>,
  weights: string,
): string {
  let done = '';
  let end = 0;
  for (const match of text.matchAll(QUOTE)) {
    const [quote, said, link, path, name] = match;
    const anchor: string | undefined = match[5];
    const title = oneLine(match[6]);
    const where = `${page} quotes ${anchor === undefined ? path : `${path}#${anchor}`} "${title}"`;
    const source = results.get(name);
    if (!source) throw wrong(`${where}, but there is no ${name}.json.`);
    if (isStale(source, weights))
      throw wrong(`${where}, measured with earlier weights.`, `Run ${source.command}`);
    const figure = figureOf(source, anchor, title);
    if (figure === undefined) throw wrong(`${where}, but there is no such table, row or column.`);
    // A line may end within a figure.
    done += `${text.slice(end, match.index)}[${oneLine(said) === figure ? said : figure}${link}`;
    end = match.index + quote.length;
  }
  return done + text.slice(end);
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/**
 * The text of one cell; undefined where the table, the row or the column is missing, or the row is not
 * unique.
 */
export function figureOf({ tables }: Results, anchor: string | undefined, title: string): string | undefined {
  const table =
    anchor === undefined
      ? tables.length === 1
        ? tables[0]
        : undefined
      : tables.find(({ title: heading }) => anchorOf(heading) === anchor);
  if (!table) return undefined;
  const [row, column = table.columns[1]] = title.split(' / ');
  const cells = table.rows.filter(([name]) => name === row);
  const at = table.columns.indexOf(column);
  // A name that two rows share is no source.
  return cells.length === 1 && at > 0 ? cells[0][at] : undefined;
}

function wrong(message: string, action = 'Correct the link, or measure again.'): OmniError {
  return new OmniError({ code: 'bad_request', message, action });
}
