/** Whether a text has nothing visible in it: only spaces, control characters, and marks without a shape. */
export function isBlank(text: string): boolean {
  return !/[^\s\p{C}]/u.test(text);
}
