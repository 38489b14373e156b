/**
 * Takes screenshots of the built page with the real model, at 1280 and 390 px, in light and dark. Those that
 * README.md shows go to docs/screenshots and are committed. All others go to screenshots, which git ignores.
 * `npm run screenshots` takes all; names as arguments take only those.
 */

import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import sharp from 'sharp';
import { preview } from 'vite';
import { TRAINED } from '../cli/models.ts';
import { CHROMIUM_FLAGS } from '../scripts/browser-flags.mjs';
import { browserPath } from '../scripts/browser-path.mjs';
import { StudioPage } from './studio-page.ts';

const SHOWN_BY_README = 'docs/screenshots';
const OTHERS = 'screenshots';
const README = await readFile('README.md', 'utf8');
const PORT = 4176;
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;

interface Shot {
  readonly name: string;
  /** Also take it in the dark theme. */
  readonly dark: boolean;
  /** Take the window instead of the whole page. */
  readonly windowOnly?: boolean;
  /** Brings the page into the state. */
  readonly reach: (studio: StudioPage) => Promise<void>;
}

const REQUEST = 'a red house in the snow';
/**
 * A request that the built-in model does not draw right at once: its check finds faults in several rounds.
 */
const SEVERAL_ROUNDS = {
  prompt: 'a red lamp with green stripes in a meadow',
  steps: 20,
  seed: 3,
  rounds: '3',
} as const;

/** Requests of the gallery, the oldest first. */
const GALLERY: readonly string[] = [
  'a red house in the snow',
  'a blue cat on the beach',
  'three red apples on the beach',
  'a brown bear in the desert',
  'an orange cat in the forest at sunset',
  'a sleepy purple cat at night',
];

const SHOTS: readonly Shot[] = [
  { name: '01-first', dark: true, reach: ready },
  {
    name: '02-compose',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await studio.addReferences('bunny-in-forest', 'sailboat');
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
      await studio.setSteps(40);
      await studio.draw(REQUEST);
      await studio.draw('a forest at sunset');
      await studio.prompt.fill('');
      await studio.prompt.blur();
      await studio.stepPreviews.nth(8).waitFor({ timeout: 120_000 });
    },
  },
  {
    name: '04-edit',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.checksItself.uncheck();
      await studio.addReferences('house-in-snow');
      await studio.setStepsAndSeed({ steps: 20, seed: 2 });
      await studio.draw('Make it night.');
      await studio.result();
      await studio.ask('Is it day or night?');
    },
  },
  {
    name: '05-rounds-live',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await drawSeveralRounds(studio);
      await studio.rounds.nth(1).locator('canvas').waitFor({ timeout: 120_000 });
    },
  },
  {
    name: '06-rounds',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await drawSeveralRounds(studio);
      await studio.result();
    },
  },
  {
    name: '07-settings',
    dark: true,
    windowOnly: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.openSettings();
      await studio.setNumber('Steps', 28);
    },
  },
  {
    name: '08-stopped',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await studio.checksItself.uncheck();
      await studio.setSteps(40);
      await studio.draw(REQUEST);
      await studio.stepPreviews.nth(10).waitFor({ timeout: 120_000 });
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
      await studio.draw(REQUEST);
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
    name: '12-empty-prompt',
    dark: false,
    reach: async (studio) => {
      await ready(studio);
      await studio.drawButton.click();
    },
  },
  {
    name: '13-models',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.page.getByRole('link', { name: 'Models', exact: true }).click();
      await studio.dropFromDisk(TRAINED);
      await studio.page.getByText('read in place.').waitFor();
    },
  },
  {
    name: '14-removed',
    dark: true,
    windowOnly: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.setSteps(8);
      await studio.draw(REQUEST);
      await studio.result();
      await studio.page.getByRole('button', { name: 'Remove from results' }).click();
      await studio.page.getByRole('button', { name: 'Undo' }).waitFor();
    },
  },
  {
    name: '15-gallery',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      for (const [index, prompt] of GALLERY.entries()) {
        await studio.setStepsAndSeed({ steps: 12, seed: index + 1 });
        await studio.draw(prompt);
        await studio.stopButton.first().waitFor();
        await studio.result();
      }
      await studio.page.getByRole('link', { name: 'Gallery', exact: true }).click();
      await studio.page.getByRole('button', { name: `Star “${GALLERY[1]}”` }).click();
    },
  },
  {
    name: '16-settings',
    dark: true,
    reach: async (studio) => {
      await ready(studio);
      await studio.page.getByRole('link', { name: 'Settings', exact: true }).click();
      await studio.page.getByTestId('storage').waitFor();
    },
  },
];

/** Loads the model and dismisses the notice about the missing GPU. */
async function ready(studio: StudioPage): Promise<void> {
  await studio.open();
  await studio.modelReady();
  await studio.dismissNotices();
}

async function drawSeveralRounds(studio: StudioPage): Promise<void> {
  await studio.setStepsAndSeed(SEVERAL_ROUNDS);
  await studio.checksItself.check();
  await studio.maxRounds.selectOption(SEVERAL_ROUNDS.rounds);
  await studio.draw(SEVERAL_ROUNDS.prompt);
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
    // An open dialog covers the switch, so this sets the theme directly.
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
  const shown = README.includes(`${SHOWN_BY_README}/${name}.png`);
  await sharp(png)
    .png({ palette: true, quality: 90, effort: 8 })
    .toFile(join(shown ? SHOWN_BY_README : OTHERS, `${name}.png`));
}

if (!existsSync('dist/index.html')) {
  console.error('There is no built page: run "npm run build" first.');
  process.exit(1);
}
const wanted = process.argv.slice(2);
for (const folder of [SHOWN_BY_README, OTHERS]) await mkdir(folder, { recursive: true });
const server = await preview({ preview: { port: PORT, strictPort: true }, logLevel: 'warn' });
const browser = await chromium.launch({ executablePath: browserPath(), args: [...CHROMIUM_FLAGS] });
for (const shot of SHOTS) {
  if (wanted.length === 0 || wanted.some((name) => shot.name.includes(name))) await take(browser, shot);
}
await browser.close();
await server.close();
