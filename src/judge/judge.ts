/** The judge: reads a picture of the storybook world from its pixels alone. How well: docs/JUDGE.md. */

import { fillDerived } from '../checkpoints/derive.ts';
import { type CheckpointFolder, readWhole } from '../checkpoints/folder.ts';
import { parseSafetensorsHeader } from '../checkpoints/safetensors.ts';
import { OmniError } from '../errors.ts';
import { isObject, parseJson, quote } from '../json.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import type { GraphSession, HostTensor, Runtime } from '../runtime/types.ts';
import type { StoredTensor } from '../tensors/stored.ts';
import { GRID, PAGE_CLASSES, PICTURE_SIDE, REGRESSIONS, STAND_CLASSES } from './classes.ts';
import { type SeenScene, seenScene } from './detect.ts';
import { judgeGraph } from './graph.ts';

/** An 8-bit sRGB picture: row-major RGB, `3 * width * height` bytes. */
export interface JudgedPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Raw outputs of the network for one picture; see {@link judgeGraph}. */
export interface JudgeOutputs {
  readonly stands: Float32Array;
  readonly page: Float32Array;
}

const WEIGHTS = 'model.safetensors';
const CONFIG = 'config.json';
/** What `config.json` must say for this code to read the weights. */
const EXPECTED: Readonly<Record<string, unknown>> = {
  format: 'storybook-judge',
  version: 1,
  size: PICTURE_SIDE,
  grid: GRID,
  stand: STAND_CLASSES,
  regressions: REGRESSIONS,
  page: PAGE_CLASSES,
};
const CHANNELS = 3;

export class Judge {
  readonly #session: GraphSession;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(session: GraphSession) {
    this.#session = session;
  }

  /**
   * Opens the judge of a folder with `model.safetensors` and `config.json`, as `training/judge.py` exports it.
   * @throws OmniError `bad_checkpoint` if the folder holds something else; `device` if the graph does not fit
   */
  static async open(runtime: Runtime, folder: CheckpointFolder): Promise<Judge> {
    checkConfig(parseJson(await readWhole(folder, CONFIG), CONFIG));
    const bytes = await readWhole(folder, WEIGHTS);
    const tensors = new Map(
      parseSafetensorsHeader(bytes, WEIGHTS, bytes.length).map((tensor) => [tensor.name, tensor]),
    );
    const graph = built(tensors);
    const read = async ({ offset, sizeBytes }: StoredTensor) => bytes.subarray(offset, offset + sizeBytes);
    const session = await runtime.open(graph, {
      file: async () => bytes,
      derived: (wanted) => fillDerived(wanted, read),
    });
    return new Judge(session);
  }

  /**
   * What the picture shows. Calls may overlap; they run one after another.
   * @throws OmniError `bad_image` if it is not 128 x 128
   */
  async see(picture: JudgedPicture): Promise<SeenScene> {
    const { stands, page } = await this.outputs(picture);
    return seenScene(stands, page);
  }

  /** What the network says of a picture. @throws OmniError `bad_image` if it is not 128 x 128 */
  async outputs(picture: JudgedPicture): Promise<JudgeOutputs> {
    const input = pixels(picture);
    const run = this.#last.then(() => this.#session.run({ picture: input }));
    this.#last = run.catch(() => undefined);
    const { stands, page } = await run;
    return { stands: stands.data as Float32Array, page: page.data as Float32Array };
  }

  async dispose(): Promise<void> {
    await this.#last;
    await this.#session.dispose();
  }
}

function built(tensors: ReadonlyMap<string, StoredTensor>): BuiltGraph {
  try {
    return judgeGraph({ get: (name) => tensors.get(name), names: [...tensors.keys()] });
  } catch (cause) {
    throw foreign(`${WEIGHTS} does not hold the judge's network`, cause);
  }
}

function checkConfig(config: unknown): void {
  if (!isObject(config)) throw foreign(`${CONFIG} is ${quote(config)} and not the description of a judge`);
  for (const [field, wanted] of Object.entries(EXPECTED)) {
    if (JSON.stringify(config[field]) !== JSON.stringify(wanted)) {
      throw foreign(`${CONFIG} has ${field} ${quote(config[field])} where this program has ${quote(wanted)}`);
    }
  }
}

function foreign(what: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${what}.`,
    action: 'Use the folder training/checkpoint/judge of this version.',
    cause,
  });
}

function pixels({ width, height, data }: JudgedPicture): HostTensor {
  if (width !== PICTURE_SIDE || height !== PICTURE_SIDE) {
    throw new OmniError({
      code: 'bad_image',
      message: `The judge reads pictures of ${PICTURE_SIDE} x ${PICTURE_SIDE} pixels; this one has ${width} x ${height}.`,
      action: `Draw or resize it to ${PICTURE_SIDE} x ${PICTURE_SIDE}.`,
    });
  }
  const area = width * height;
  const values = new Float32Array(CHANNELS * area);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < CHANNELS; c++) values[c * area + i] = data[CHANNELS * i + c] / 127.5 - 1;
  }
  return { type: 'float32', dims: [1, CHANNELS, height, width], data: values };
}
