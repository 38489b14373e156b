/** Finds a Chromium for the end-to-end tests: CHROMIUM_PATH, the system's, or else Playwright's own. */
import { existsSync } from 'node:fs';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @returns {string | undefined} path of the executable, or undefined if only Playwright's own is left */
export function browserPath() {
  const named = process.env.CHROMIUM_PATH;
  if (named) return named;
  return SYSTEM.find(existsSync);
}
