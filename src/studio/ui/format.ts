/** Formats numbers and prompts for the page. A no-break space joins a number and its unit. */

/** 420 -> "0.4 s", 5200 -> "5.2 s", 38000 -> "38 s", 150000 -> "2.5 min" */
export function formatSeconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  if (value < 9.95) return `${value.toFixed(1)}\u00a0s`;
  return value < 99.5 ? `${Math.round(value)}\u00a0s` : `${(value / 60).toFixed(1)}\u00a0min`;
}

/** Whole seconds, minutes or hours, at least 1 s: 400 -> "1 s", 9100 -> "9 s", 150000 -> "3 min" */
export function formatTimeLeft(milliseconds: number): string {
  const value = Math.max(1, Math.round(milliseconds / 1000));
  if (value < 100) return `${value}\u00a0s`;
  return value < 100 * 60 ? `${Math.round(value / 60)}\u00a0min` : `${Math.round(value / 3600)}\u00a0h`;
}

/** 12345678 -> "12.3 MB", 4700000000 -> "4.7 GB" */
export function formatBytes(bytes: number): string {
  const [divisor, unit] = bytes < 999.95e6 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${(bytes / divisor).toFixed(1)}\u00a0${unit}`;
}

/** "from words" -> "From words" */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The prompt in quotation marks, shortened to 80 characters. */
export function quotePrompt(prompt: string): string {
  const characters = [...prompt];
  return `“${characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : prompt}”`;
}
