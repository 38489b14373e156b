/** Numbers as the page says them. */

/** 420 -> "0.4 s", 5200 -> "5.2 s", 38000 -> "38 s", 150000 -> "2.5 min" */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  if (value < 9.95) return `${value.toFixed(1)} s`;
  return value < 99.5 ? `${Math.round(value)} s` : `${(value / 60).toFixed(1)} min`;
}

/** Time left, in whole seconds and never zero: 400 -> "1 s", 9100 -> "9 s", 150000 -> "3 min" */
export function timeLeft(milliseconds: number): string {
  const value = Math.max(1, Math.round(milliseconds / 1000));
  return value < 100 ? `${value} s` : `${Math.round(value / 60)} min`;
}

/** 12345678 -> "12.3 MB" */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** 48213007 -> "48 213 007", grouped by thin spaces. */
export function seedWords(seed: number): string {
  return String(seed).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** The first letter large, as a sentence begins. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
