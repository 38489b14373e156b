/** Where a Chromium for the end-to-end tests lies: CHROMIUM_PATH, the system's, or Playwright's own. */
import { existsSync } from 'node:fs';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @returns {string | undefined} path of the executable, or undefined if there is none */
export function browserPath() {
  const named = process.env.CHROMIUM_PATH;
  if (named) return named;
  return SYSTEM.find(existsSync);
}
