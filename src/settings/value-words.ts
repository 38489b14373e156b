/** Values and limits as error sentences quote them. */

/** A value in at most 42 characters: `"9"`, `0.5`, `an array`, `an object (Blob)`. */
export function valueWords(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `"${value.slice(0, 37)}…"` : `"${value}"`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  return `an object (${tagOf(value)})`;
}

/** The class of a browser object by its tag. Unlike `instanceof` it also knows objects of other frames. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** 10000 -> "10,000" */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
