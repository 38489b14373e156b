/** Where the time of a job goes, stage by stage, on every backend. */

import { chromium } from '@playwright/test';
import { build } from 'vite';
import { serveWithLibrary } from '../../e2e/library/serve.ts';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { ask } from '../../src/omnigen2/language/ask.ts';
import { type DrawOptions, draw } from '../../src/omnigen2/pipeline.ts';
import { rgbaOf } from '../../src/pictures/image.ts';
import { builtInModel, openModel } from '../models.ts';
import { edit } from './cases.ts';
import { figure, median, type Table } from './table.ts';

const QUESTION = 'What is in the picture?';
const MAX_NEW_TOKENS = 12;

/** Milliseconds by the name of the stage. */
type Stages = Record<StageName, number>;
const STAGES = {
  reading: 'reading the prompts',
  encoding: 'encoding the reference',
  denoising: 'one step, three branches',
  decoding: 'decoding the picture',
  looking: 'reading a question about a picture, first word',
  writing: 'every further word',
} as const;
type StageName = keyof typeof STAGES;

/** A moment at which a stage began or a step ended. */
interface Mark {
  readonly stage: 'reading' | 'encoding' | 'denoising' | 'decoding' | 'end' | 'asked' | 'word';
  readonly atMs: number;
}

export async function stagesTable(): Promise<Table> {
  await builtInModel();
  const columns = [
    { name: 'Node, processor', stages: await underNode({ runs: 5, steps: 20 }) },
    { name: 'Chromium, WebAssembly', stages: await inBrowser('wasm', { runs: 3, steps: 20 }) },
    {
      name: 'Chromium, WebGPU on a software adapter',
      stages: await inBrowser('webgpu', { runs: 1, steps: 2 }),
    },
  ];
  return {
    title: 'Milliseconds a stage, on every backend',
    method:
      'An edit of a 128 x 128 picture by the built-in model with text guidance 4 and image guidance 2, and a question about the same picture; medians after one run ' +
      'that warms up. The software adapter shows that the graphs run on WebGPU, not how fast a graphics processor is.',
    columns: ['stage', ...columns.map(({ name }) => name)],
    rows: (Object.keys(STAGES) as StageName[]).map((stage) => [
      STAGES[stage],
      ...columns.map(({ stages }) => `${figure(stages[stage])} ms`),
    ]),
  };
}

interface Effort {
  readonly runs: number;
  readonly steps: number;
}

async function underNode({ runs, steps }: Effort): Promise<Stages> {
  const model = await openModel('storybook');
  const options: DrawOptions = { ...(await edit()), steps };
  const measured: Stages[] = [];
  for (let run = 0; run <= runs; run++) {
    const marks: Mark[] = [];
    const mark = (stage: Mark['stage']) => marks.push({ stage, atMs: performance.now() });
    await draw(model, options, { onProgress: ({ type }) => mark(type) });
    mark('end');
    mark('asked');
    await ask(model, QUESTION, options.references, {
      maxNewTokens: MAX_NEW_TOKENS,
      onText: () => mark('word'),
    });
    measured.push(stagesOf(marks));
  }
  await model.dispose();
  return medians(measured.slice(1));
}

/** The same through the library, so with worker and messages, in a real Chromium. */
async function inBrowser(backend: 'wasm' | 'webgpu', { runs, steps }: Effort): Promise<Stages> {
  await build({ configFile: 'vite.library.config.ts', logLevel: 'error' });
  const served = await serveWithLibrary('e2e/library');
  const flags = backend === 'webgpu' ? SOFTWARE_WEBGPU_FLAGS : [];
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...CHROMIUM_FLAGS, ...flags],
  });
  try {
    const page = await browser.newPage();
    // The runner of this script wraps the functions that are sent to the page in a helper of its own.
    await page.addInitScript({ content: 'globalThis.__name = (wrapped) => wrapped;' });
    await page.goto(`${served.url}example.html`);
    const { prompt, seed, textGuidance, imageGuidance, references } = await edit();
    const [reference] = references;
    const all = await page.evaluate(
      async ({ backend, runs, steps, picture, prompt, settings, question, maxNewTokens }) => {
        const library = '/omnigen2/omnigen2.js';
        const { OmniGen2, pngOf }: typeof import('../../src/library/omnigen2.ts') = await import(library);
        const model = await OmniGen2.open({ backend });
        const data = Uint8ClampedArray.from(picture.rgba);
        const png = await pngOf({ width: picture.width, height: picture.height, data });
        const measured: Mark[][] = [];
        for (let run = 0; run <= runs; run++) {
          const marks: Mark[] = [];
          await model.draw(prompt, {
            references: [png],
            settings: { ...settings, steps },
            onEvent: ({ type }) => {
              if (type === 'reading' || type === 'encoding' || type === 'denoising' || type === 'decoding')
                marks.push({ stage: type, atMs: performance.now() });
            },
          });
          marks.push({ stage: 'end', atMs: performance.now() }, { stage: 'asked', atMs: performance.now() });
          await model.ask(question, {
            pictures: [png],
            maxNewTokens,
            onEvent: ({ type }) => {
              if (type === 'answering') marks.push({ stage: 'word', atMs: performance.now() });
            },
          });
          measured.push(marks);
        }
        model.dispose();
        return measured;
      },
      {
        backend,
        runs,
        steps,
        picture: { width: reference.width, height: reference.height, rgba: Array.from(rgbaOf(reference)) },
        prompt,
        settings: { seed, textGuidance, imageGuidance },
        question: QUESTION,
        maxNewTokens: MAX_NEW_TOKENS,
      },
    );
    return medians(all.slice(1).map(stagesOf));
  } finally {
    await browser.close();
    served.close();
  }
}

/** The time from each stage's beginning to the next one's; of steps and words the middle one. */
function stagesOf(marks: readonly Mark[]): Stages {
  const at = (stage: Mark['stage']) => marks.filter((mark) => mark.stage === stage).map(({ atMs }) => atMs);
  const steps = at('denoising');
  const words = at('word');
  const [[reading], [encoding], [decoding], [end], [asked]] = (
    ['reading', 'encoding', 'decoding', 'end', 'asked'] as const
  ).map(at);
  return {
    reading: encoding - reading,
    encoding: steps[0] - encoding,
    denoising: median(gaps(steps)),
    decoding: end - decoding,
    looking: words[0] - asked,
    writing: median(gaps(words)),
  };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => time - times[i]);
}

function medians(measured: readonly Stages[]): Stages {
  const names = Object.keys(STAGES) as StageName[];
  return Object.fromEntries(
    names.map((name) => [name, median(measured.map((stages) => stages[name]))]),
  ) as Stages;
}
