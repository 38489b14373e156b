/**
 * Takes every state of the built page with the real model, at 1280 and 390 px, in light and dark, into docs/screenshots/.
 * `npm run screenshots` takes all; names as arguments take only those.
 */

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import sharp from 'sharp';
import { preview } from 'vite';
import { CHROMIUM_FLAGS } from '../scripts/browser-flags.mjs';
import { browserPath } from '../scripts/browser-path.mjs';
import { StudioPage } from './studio-page.ts';

const FOLDER = 'docs/screenshots';
const PORT = 4176;
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;

interface Shot {
  readonly name: string;
  /** Whether the state is taken in dark, too. */
  readonly dark: boolean;
  /** Whether the picture is of the window rather than of the whole page. */
  readonly windowOnly?: boolean;
  /** Brings the page into the state. */
  readonly reach: (studio: StudioPage) => Promise<void>;
}

const REQUEST = 'a red house in the snow';
/** A request whose picture the built-in model finds wrong and draws again, round after round. */
const MENDED = {
  prompt: 'a red lamp with green stripes in a meadow',
  steps: 20,
  seed: 3,
  rounds: '3',
} as const;

const SHOTS: readonly Shot[] = [
  { name: '01-first', dark: true, reach: ready },
  {
    name: '02-compose',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await studio.give('bunny-in-forest', 'sailboat');
      await studio.prompt.fill('the bunny of image 1 beside the boat of image 3, in the snow');
      await studio.hint.waitFor();
    },
  },
  {
    name: '03-drawing',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.checksItself.uncheck();
      await studio.drawQuickly(40);
      await studio.make(REQUEST);
      await studio.make('a forest at sunset');
      await studio.prompt.fill('');
      await studio.prompt.blur();
      await studio.steps.nth(8).waitFor({ timeout: 120_000 });
    },
  },
  {
    name: '04-edit',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.checksItself.uncheck();
      await studio.give('house-in-snow');
      await studio.set({ steps: 20, seed: 3_567_517_708 });
      await studio.make('Make it night.');
      await studio.result();
      await studio.ask('Is it day or night?');
    },
  },
  {
    name: '05-rounds-live',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await mend(studio);
      await studio.rounds.nth(1).locator('canvas').waitFor({ timeout: 120_000 });
    },
  },
  {
    name: '06-rounds',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await mend(studio);
      await studio.result();
    },
  },
  {
    name: '07-more',
    dark: true,
    windowOnly: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.openMore();
      await studio.setNumber('Steps', 28);
    },
  },
  {
    name: '08-stopped',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await studio.checksItself.uncheck();
      await studio.drawQuickly(40);
      await studio.make(REQUEST);
      await studio.steps.nth(10).waitFor({ timeout: 120_000 });
      await studio.page.keyboard.press('Escape');
      await studio.saveButton.waitFor();
    },
  },
  {
    name: '09-loading',
    dark: false,
    reach: async (studio) => {
      // The weights of the transformer never arrive.
      await studio.page.route('**/transformer/*.safetensors', () => undefined);
      await studio.open();
      await studio.make(REQUEST);
      await studio.page.locator('.loading-bytes').first().waitFor({ timeout: 60_000 });
      await studio.page.waitForTimeout(2_000);
    },
  },
  {
    name: '10-model-failed',
    dark: true,
    reach: async (studio) => {
      await studio.page.route('**/transformer/*.safetensors', (route) => route.abort());
      await studio.open();
      await studio.page.getByRole('alert').waitFor({ timeout: 60_000 });
    },
  },
  {
    name: '11-no-gpu',
    dark: false,
    reach: async (studio) => {
      await studio.open();
      await studio.modelReady();
    },
  },
  {
    name: '12-nothing-written',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await studio.makeButton.click();
    },
  },
];

/** The page with the model loaded and the notice about the processor read. */
async function ready(studio: StudioPage): Promise<void> {
  await studio.open();
  await studio.modelReady();
  const notice = studio.page.getByRole('status', { name: 'No GPU here, so the processor draws' });
  if (await notice.isVisible()) await notice.getByRole('button', { name: 'Put away' }).click();
}

async function mend(studio: StudioPage): Promise<void> {
  await studio.set(MENDED);
  await studio.checksItself.check();
  await studio.page.getByLabel('Rounds at most').selectOption(MENDED.rounds);
  await studio.make(MENDED.prompt);
}

async function take(browser: Browser, shot: Shot): Promise<void> {
  const context = await browser.newContext({
    baseURL: `http://localhost:${PORT}`,
    viewport: SIZES.desktop,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await shot.reach(new StudioPage(page));
  for (const dark of shot.dark ? [false, true] : [false]) {
    // The switch lies behind an open dialog; what it does is this.
    await page.evaluate(
      (theme) => {
        document.documentElement.dataset.theme = theme;
      },
      dark ? 'dark' : 'light',
    );
    for (const [device, size] of Object.entries(SIZES)) {
      await page.setViewportSize(size);
      await save(page, `${shot.name}-${device}${dark ? '-dark' : ''}`, shot.windowOnly ?? false);
    }
    await page.setViewportSize(SIZES.desktop);
  }
  await context.close();
  console.log(shot.name);
}

async function save(page: Page, name: string, windowOnly: boolean): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0));
  const png = await page.screenshot({ fullPage: !windowOnly });
  await sharp(png)
    .png({ palette: true, quality: 90, effort: 8 })
    .toFile(join(FOLDER, `${name}.png`));
}

if (!existsSync('dist/index.html')) {
  console.error('There is no built page: run "npm run build" first.');
  process.exit(1);
}
const wanted = process.argv.slice(2);
await mkdir(FOLDER, { recursive: true });
const server = await preview({ preview: { port: PORT, strictPort: true }, logLevel: 'warn' });
const browser = await chromium.launch({ executablePath: browserPath(), args: [...CHROMIUM_FLAGS] });
for (const shot of SHOTS) {
  if (wanted.length === 0 || wanted.some((name) => shot.name.includes(name))) await take(browser, shot);
}
await browser.close();
await server.close();
