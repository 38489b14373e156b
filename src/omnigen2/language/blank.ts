/** Whether a text has no visible character: only white space, control and format characters. */
export function isBlank(text: string): boolean {
  return !/[^\s\p{C}]/u.test(text);
}
