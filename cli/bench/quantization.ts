/** The cost of quantizing the built-in model: error of latents and pixels against float32 weights. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { executeConversion } from '../../src/checkpoints/conversion/execute.ts';
import { planConversion, type WeightFormat } from '../../src/checkpoints/conversion/plan.ts';
import { writeFolder } from '../../src/checkpoints/conversion/writer.node.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { type DrawInput, draw } from '../../src/omnigen2/pipeline.ts';
import { openModel, TRAINED } from '../models.ts';
import { edit, fromWords } from './cases.ts';
import { figure, type Table } from './table.ts';

/** A drawing: its final latents, and its pixels as 8-bit RGB. */
interface Drawn {
  readonly latents: Float32Array;
  readonly pixels: Uint8Array;
}

export async function quantizationTable(): Promise<Table> {
  const cases = [
    fromWords('a red house in the snow'),
    fromWords('a forest at sunset'),
    fromWords('a blue cat on the beach'),
    await edit('Make it night.', 'house-in-snow'),
    await edit('Make it evening.', 'blue-cat'),
    await edit('Make it snow.', 'sailboat'),
  ];
  const folder = await mkdtemp(join(tmpdir(), 'omnigen2-bench-'));
  try {
    const baseline = await drawAll(TRAINED, cases);
    const rows = [];
    for (const format of ['q8', 'q4'] as const) {
      const sizeBytes = await convert(join(folder, format), format);
      const drawn = await drawAll(join(folder, format), cases);
      const latents = drawn.map(({ latents: got }, i) => relativeError(got, baseline[i].latents));
      const differences = drawn.map(({ pixels }, i) => meanDifference(pixels, baseline[i].pixels));
      const ratios = drawn.map(({ pixels }, i) => psnr(pixels, baseline[i].pixels));
      rows.push([
        format,
        `${(sizeBytes / 1e6).toFixed(1)} MB`,
        `${figure(100 * mean(latents))}%`,
        figure(mean(differences)),
        `${mean(ratios).toFixed(1)} dB`,
        `${Math.min(...ratios).toFixed(1)} dB`,
      ]);
    }
    return {
      title: 'Quantization of the built-in model',
      method:
        'Six drawings (three from words, three edits) at 128 x 128, 20 Euler steps, the same seed, on onnxruntime-node. The baseline is ' +
        'the trained checkpoint: float16 weights, computed in float32. The latents are those after the last step, where the errors of ' +
        'all steps have added up.',
      columns: [
        'weights',
        'size',
        'latents, relative RMS',
        'pixels, mean grey levels',
        'PSNR, mean',
        'PSNR, worst',
      ],
      rows,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Converts the trained checkpoint. @returns the size of the converted one in bytes */
async function convert(folder: string, weights: WeightFormat): Promise<number> {
  const plan = await planConversion(await openCheckpoint(nodeFolder(TRAINED)), { weights });
  const { signal } = new AbortController();
  await writeFolder(folder, (writer) => executeConversion(signal, plan, writer, () => undefined));
  return plan.afterBytes;
}

async function drawAll(folder: string, cases: readonly DrawInput[]): Promise<Drawn[]> {
  const model = await openModel(folder);
  const drawn: Drawn[] = [];
  for (const options of cases) {
    let latents = new Float32Array();
    const { image } = await draw(model, options, {
      trace: (name, values) => {
        if (name === 'step_latents') latents = values.slice();
      },
    });
    drawn.push({ latents, pixels: image.data });
  }
  await model.dispose();
  return drawn;
}

function relativeError(got: Float32Array, want: Float32Array): number {
  let error = 0;
  let power = 0;
  for (let i = 0; i < want.length; i++) {
    error += (got[i] - want[i]) ** 2;
    power += want[i] ** 2;
  }
  return Math.sqrt(error / power);
}

function meanDifference(got: Uint8Array, want: Uint8Array): number {
  return want.reduce((sum, value, i) => sum + Math.abs(value - got[i]), 0) / want.length;
}

function psnr(got: Uint8Array, want: Uint8Array): number {
  const power = want.reduce((sum, value, i) => sum + (value - got[i]) ** 2, 0) / want.length;
  return 10 * Math.log10(255 ** 2 / Math.max(power, 1e-9));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
