/**
 * One measurement of `vae.ts`. Runs in its own process, so that the peak memory belongs to this measurement:
 *
 *   tsx cli/bench/vae-run.ts encode|decode SIDE whole|strips FILE
 *
 * Encodes or decodes noise for SIDE x SIDE pixels with the built-in model's VAE, writes the float32 result to
 * FILE, and prints `{seconds, megabytes}`. The memory is the peak above that of the opened model.
 */

import { writeFile } from 'node:fs/promises';
import { noise } from '../../src/omnigen2/random.ts';
import { openModel, TRAINED } from '../models.ts';

const [what, sideText, mode, file] = process.argv.slice(2);
const side = Number(sideText);
const options = mode === 'whole' ? { maxBufferBytes: Number.POSITIVE_INFINITY } : {};

const model = await openModel(TRAINED);
const vae = await model.vae();
const shape = vae.latentShape({ width: side, height: side });
const before = process.resourceUsage().maxRSS;
const start = performance.now();
const data =
  what === 'decode'
    ? (
        await vae.decode(
          { ...shape, data: noise(1, 'latents', shape.channels * shape.height * shape.width) },
          options,
        )
      ).data
    : (await vae.encode({ width: side, height: side, data: noise(1, 'latents', 3 * side * side) }, options))
        .mean.data;
const seconds = (performance.now() - start) / 1000;
const megabytes = (process.resourceUsage().maxRSS - before) / 1024;
await writeFile(file, data);
console.log(JSON.stringify({ seconds, megabytes }));
