/** How the time of a prediction grows with the size of the picture. */

import type { Transformer } from '../../src/omnigen2/diffusion/transformer.ts';
import { openModel } from '../models.ts';
import { figure, median, type Table } from './table.ts';

/** Sides of the square pictures, in pixels, and the number of timed predictions. */
const PICTURES = [
  { side: 128, runs: 41 },
  { side: 256, runs: 15 },
  { side: 512, runs: 7 },
  { side: 1024, runs: 3 },
] as const;

export async function tokensTable(): Promise<Table> {
  const model = await openModel('storybook');
  try {
    const transformer = await model.transformer();
    const downscale = model.config.vae.downscaleFactor;
    const context = await transformer.context(
      await (await model.mllm()).hiddenStates((await model.tokenizer()).encode('a red house in the snow')),
    );
    const { patchSize, inChannels } = transformer.config;
    const times: { side: number; tokens: number; ms: number }[] = [];
    for (const { side, runs } of PICTURES) {
      const edge = side / downscale;
      const timed = await timePredictions(transformer, { edge, channels: inChannels, context, runs });
      times.push({ side, tokens: (edge / patchSize) ** 2, ms: timed });
    }
    return {
      title: 'Time of a prediction against the number of picture tokens',
      method:
        'One forward pass of the built-in transformer under Node, median after a warm-up. Besides the picture tokens there are ' +
        `${context.length / transformer.config.hiddenSize} text tokens. Slope: the exponent between two rows. It is 1 if twice the tokens take twice the time, and ` +
        '2 if attention alone counts.',
      columns: ['picture', 'tokens', 'prediction', 'per token', 'slope'],
      rows: times.map(({ side, tokens, ms }, i) => [
        `${side} x ${side}`,
        String(tokens),
        `${figure(ms)} ms`,
        `${figure((1000 * ms) / tokens)} µs`,
        i === 0 ? '' : figure(Math.log(ms / times[i - 1].ms) / Math.log(tokens / times[i - 1].tokens)),
      ]),
    };
  } finally {
    await model.dispose();
  }
}

/** Median time of a prediction, in milliseconds. */
async function timePredictions(
  transformer: Transformer,
  { edge, channels, context, runs }: { edge: number; channels: number; context: Float32Array; runs: number },
): Promise<number> {
  const data = Float32Array.from({ length: channels * edge * edge }, (_, i) => Math.sin(i));
  const latents = { channels, height: edge, width: edge, data };
  const times = [];
  for (let run = 0; run <= runs; run++) {
    const start = performance.now();
    await transformer.predict({ latents, timestep: run / (runs + 1), context, references: [] });
    times.push(performance.now() - start);
  }
  return median(times.slice(1));
}
