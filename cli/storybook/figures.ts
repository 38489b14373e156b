/** The figures of the benchmark with their intervals and targets, in tables. */

import { markdown, type Table } from '../bench/table.ts';
import { type Mean, type Share, shareOf } from './statistics.ts';

/** The unit of a value; decides its format. */
type Unit = 'percent' | 'points' | 'score' | 'greys' | 'overlap';

export interface Target {
  /** In the unit of the value: a share is 0 … 1. */
  readonly value: number;
  readonly is: 'at least' | 'at most';
}

export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly value: Share | Mean;
  readonly target?: Target;
}

/** An error in a case. The case counts as failed. */
export interface Failure {
  readonly id: string;
  readonly message: string;
}

/** All figures of one task. */
export interface TaskFigures {
  readonly title: string;
  readonly cases: number;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly failures: readonly Failure[];
}

export const atLeast = (value: number): Target => ({ value, is: 'at least' });
export const atMost = (value: number): Target => ({ value, is: 'at most' });

export function share(name: string, value: Share, target?: Target): Figure {
  return { name, unit: 'percent', value, target };
}

/** Groups items by a name, in the order of the first items. */
export function groupBy<T>(items: readonly T[], by: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = by(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

/** A share for each group of items, by the group's name. */
export function sharesBy<T>(
  items: readonly T[],
  by: (item: T) => string,
  right: (item: T) => boolean | readonly boolean[],
  prefix = '',
): Figure[] {
  return [...groupBy(items, by)]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, group]) => share(`${prefix}${name}`, shareOf(group.flatMap(right))));
}

/** Whether the value reaches the target; undefined without a value or a target. */
export function reachesTarget({ value: { value }, target }: Figure): boolean | undefined {
  if (value === undefined || target === undefined) return undefined;
  return target.is === 'at least' ? value >= target.value : value <= target.value;
}

/** The table of a task as Markdown, with a list of failed cases below it. */
export function taskTable(task: TaskFigures): string {
  const table = markdown(tableOf(task));
  const list = task.failures.map(({ id, message }) => `- ${id}: ${message}`);
  return list.length === 0 ? table : `${table}\n\n${failed(task)}:\n\n${list.join('\n')}`;
}

/** The table of a task for the pages of results. The words after a colon in the title go to the method. */
export function recordedTable(task: TaskFigures): Table {
  const { title, method, columns, rows } = tableOf(task);
  const [heading, ...how] = title.split(': ');
  const sentences = [method, ...how.map((text) => `${text[0].toUpperCase()}${text.slice(1)}.`)];
  if (task.failures.length > 0) {
    const list = task.failures.map(({ id, message }) => `${id} (${message})`);
    sentences.push(`${failed(task)}: ${list.join(', ')}.`);
  }
  return { title: heading, method: sentences.join(' '), columns, rows };
}

function tableOf({ title, cases, seconds, figures }: TaskFigures): Table {
  return {
    title,
    method: `${cases} held-out cases in ${Math.round(seconds)} s.`,
    columns: ['', 'value', '95% interval', 'n', 'target', 'reached'],
    rows: figures.map((figure) => {
      const { name, unit, value, target } = figure;
      const { low, high } = value;
      const known = value.value !== undefined && low !== undefined && high !== undefined;
      const reached = reachesTarget(figure);
      return [
        name,
        value.value === undefined ? 'none' : formatValue(value.value, unit),
        known ? `${formatValue(low, unit)} … ${formatValue(high, unit)}` : '',
        String(value.n),
        target ? `${target.is} ${formatValue(target.value, unit)}` : '',
        reached === undefined ? '' : reached ? 'yes' : 'no',
      ];
    }),
  };
}

function failed({ failures }: TaskFigures): string {
  return `${failures.length} of the cases ended with an error and count as failed`;
}

function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case 'percent':
      return `${(100 * value).toFixed(1)}%`;
    case 'points':
      return `${value < 0 ? '' : '+'}${(100 * value).toFixed(1)} points`;
    case 'score':
      return value.toFixed(2);
    case 'greys':
      return value.toFixed(2);
    case 'overlap':
      return value.toFixed(3);
  }
}
