/** "a", "a and b", "a, b and c": items as a sentence lists them; nothing for none. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
