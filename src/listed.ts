/**
 * Joins items as a sentence lists them: "a", "a and b", "a, b and c". An empty list gives an empty string.
 *
 * @example
 * listed(['red', 'green', 'blue']); // 'red, green and blue'
 */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
