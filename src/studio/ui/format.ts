/** Numbers and quotations as the page says them; a number and its unit stay on one line. */

/** 420 -> "0.4 s", 5200 -> "5.2 s", 38000 -> "38 s", 150000 -> "2.5 min" */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  if (value < 9.95) return `${value.toFixed(1)}\u00a0s`;
  return value < 99.5 ? `${Math.round(value)}\u00a0s` : `${(value / 60).toFixed(1)}\u00a0min`;
}

/** Time left, in whole seconds and never zero: 400 -> "1 s", 9100 -> "9 s", 150000 -> "3 min" */
export function timeLeft(milliseconds: number): string {
  const value = Math.max(1, Math.round(milliseconds / 1000));
  return value < 100 ? `${value}\u00a0s` : `${Math.round(value / 60)}\u00a0min`;
}

/** 12345678 -> "12.3 MB" */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)}\u00a0MB`;
}

/** 48213007 -> "48 213 007", grouped by thin spaces that do not break the line. */
export function seedWords(seed: number): string {
  return String(seed).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** The first letter large, as a sentence begins. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A request in quotation marks, cut to what a line or two can hold. */
export function quoted(words: string): string {
  const letters = [...words];
  return `“${letters.length > 80 ? `${letters.slice(0, 79).join('')}…` : words}”`;
}
