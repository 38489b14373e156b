/** The time of each stage of a job, on every backend. */

import { chromium } from '@playwright/test';
import { build } from 'vite';
import { serveWithLibrary } from '../../e2e/library/serve.ts';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { ask } from '../../src/omnigen2/language/ask.ts';
import { type DrawInput, draw } from '../../src/omnigen2/pipeline.ts';
import { rgbaOf } from '../../src/pictures/image.ts';
import { builtInModel, openModel } from '../models.ts';
import { edit } from './cases.ts';
import { figure, median, type Table } from './table.ts';

const QUESTION = 'What is in the picture?';
const MAX_NEW_TOKENS = 12;

/** Milliseconds by stage. */
type Stages = Record<StageName, number>;
const STAGES = {
  prompts: 'encoding the prompts',
  reference: 'encoding the reference',
  step: 'one step, three guidance branches',
  decoding: 'decoding the picture',
  firstToken: 'a question about a picture, until the first token',
  nextToken: 'every further token',
} as const;
type StageName = keyof typeof STAGES;

/** The time of an event. */
interface Mark {
  readonly stage:
    | 'encoding-prompt'
    | 'encoding-reference'
    | 'denoising'
    | 'decoding'
    | 'end'
    | 'asked'
    | 'token';
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
    title: 'Milliseconds per stage, on every backend',
    method:
      'An edit of a 128 x 128 picture by the built-in model with text guidance 4 and image guidance 2, and a question about the same picture; medians after a ' +
      'warm-up. The software adapter shows that the graphs run on WebGPU. It does not show the speed of a GPU.',
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
  const options: DrawInput = { ...(await edit()), steps };
  const measured: Stages[] = [];
  for (let run = 0; run <= runs; run++) {
    const marks: Mark[] = [];
    const mark = (stage: Mark['stage']) => marks.push({ stage, atMs: performance.now() });
    await draw(model, options, { onProgress: ({ type }) => mark(type) });
    mark('end');
    mark('asked');
    await ask(model, QUESTION, options.references, {
      maxNewTokens: MAX_NEW_TOKENS,
      onText: () => mark('token'),
    });
    measured.push(stagesOf(marks));
  }
  await model.dispose();
  return medians(measured.slice(1));
}

/** The same through the library, with worker and messages, in a real Chromium. */
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
    // tsx wraps functions in a helper `__name`, also those that are sent to the page.
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
              switch (type) {
                case 'encoding-prompt':
                case 'encoding-reference':
                case 'denoising':
                case 'decoding':
                  marks.push({ stage: type, atMs: performance.now() });
              }
            },
          });
          marks.push({ stage: 'end', atMs: performance.now() }, { stage: 'asked', atMs: performance.now() });
          await model.ask(question, {
            pictures: [png],
            maxNewTokens,
            onEvent: ({ type }) => {
              if (type === 'answering') marks.push({ stage: 'token', atMs: performance.now() });
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

/** The time from the start of each stage to the next one. For steps and tokens, the median. */
function stagesOf(marks: readonly Mark[]): Stages {
  const at = (stage: Mark['stage']) => marks.filter((mark) => mark.stage === stage).map(({ atMs }) => atMs);
  const steps = at('denoising');
  const tokens = at('token');
  const [[prompts], [reference], [decoding], [end], [asked]] = (
    ['encoding-prompt', 'encoding-reference', 'decoding', 'end', 'asked'] as const
  ).map(at);
  return {
    prompts: reference - prompts,
    reference: steps[0] - reference,
    step: median(gaps(steps)),
    decoding: end - decoding,
    firstToken: tokens[0] - asked,
    nextToken: median(gaps(tokens)),
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
