/** Tables of the benchmark, printed as Markdown. */

export interface Table {
  readonly title: string;
  /** How the figures were measured, in a few sentences. */
  readonly method: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table with its title as a heading and how it was measured. */
export function markdown(table: Table): string {
  return `## ${table.title}\n\n${table.method}\n\n${grid(table)}`;
}

/** The rows alone. */
export function grid({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The median. @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Formats a number with three significant digits. */
export function figure(value: number): string {
  return value === 0 ? '0' : Number(value.toPrecision(3)).toString();
}
