/**
 * The judge: detects what a picture of the storybook world shows, from its pixels alone. Accuracy:
 * docs/reference/judge.md.
 */

import { deriveTensor } from '../checkpoints/derive.ts';
import { type CheckpointFolder, readWhole } from '../checkpoints/folder.ts';
import { parseSafetensorsHeader } from '../checkpoints/safetensors.ts';
import { OmniError } from '../errors.ts';
import { isObject, parseJson, quote } from '../json.ts';
import { type DerivedTensor, GraphError, type WeightSlice } from '../onnx/graph.ts';
import { openTyped } from '../runtime/typed-session.ts';
import type { HostTensor, Runtime, WeightBytes } from '../runtime/types.ts';
import type { StoredTensor, WeightIndex } from '../tensors/stored.ts';
import { GRID, PAGE_CLASSES, PICTURE_SIDE, REGRESSIONS, STAND_CLASSES } from './classes.ts';
import { type Detection, detectionOf } from './detection.ts';
import { judgeGraph } from './graph.ts';

/** An 8-bit sRGB picture. `data` is row-major RGB, `3 * width * height` bytes. */
export interface JudgedPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

type JudgeSession = Awaited<ReturnType<typeof openNetwork>>;

/** The network's raw outputs for one picture; see {@link judgeGraph}. */
export interface JudgeOutputs {
  readonly stands: Float32Array;
  readonly page: Float32Array;
}

const WEIGHTS = 'model.safetensors';
const CONFIG = 'config.json';
/** The fields that `config.json` must have for this code to use the weights. */
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
  readonly #session: JudgeSession;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(session: JudgeSession) {
    this.#session = session;
  }

  /**
   * Loads a judge from a folder with `model.safetensors` and `config.json`, as `training/judge.py` exports
   * it.
   *
   * @throws OmniError `bad_checkpoint` if the folder holds something else; `device` if there is too little
   * memory
   * @example
   * const judge = await Judge.open(nodeRuntime(), nodeFolder('training/checkpoint/judge'));
   * const { things } = await judge.detect({ width: 128, height: 128, data: rgb });
   * console.log(things.map(describeThing)); // ['1 orange cat with blue hat sad']
   * await judge.dispose();
   */
  static async open(runtime: Runtime, folder: CheckpointFolder): Promise<Judge> {
    checkConfig(parseJson(await readWhole(folder, CONFIG), CONFIG));
    const bytes = await readWhole(folder, WEIGHTS);
    const tensors = new Map(
      parseSafetensorsHeader(bytes, WEIGHTS, bytes.length).map((tensor) => [tensor.name, tensor]),
    );
    const read = async ({ offset, sizeBytes }: StoredTensor) => bytes.subarray(offset, offset + sizeBytes);
    const weights = {
      slice: async ({ offset, sizeBytes }: WeightSlice) => bytes.subarray(offset, offset + sizeBytes),
      derived: (tensor: DerivedTensor) => deriveTensor(tensor, read),
    };
    const session = await openNetwork(runtime, weights, {
      get: (name) => tensors.get(name),
      names: [...tensors.keys()],
    });
    return new Judge(session);
  }

  /**
   * Finds everything in a picture. Calls may overlap; they run one after another.
   * @throws OmniError `bad_image` if the picture does not have 128 x 128 pixels
   */
  async detect(picture: JudgedPicture): Promise<Detection> {
    const { stands, page } = await this.outputs(picture);
    return detectionOf(stands, page);
  }

  /** Runs the network on a picture. @throws OmniError `bad_image` if it does not have 128 x 128 pixels */
  async outputs(picture: JudgedPicture): Promise<JudgeOutputs> {
    const input = inputOf(picture);
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

async function openNetwork(runtime: Runtime, bytes: WeightBytes, weights: WeightIndex) {
  try {
    return await openTyped(runtime, bytes, judgeGraph, weights);
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw notAJudge(`${WEIGHTS} does not hold the judge's network`, cause);
  }
}

function checkConfig(config: unknown): void {
  if (!isObject(config)) throw notAJudge(`${CONFIG} is ${quote(config)}, which does not describe a judge`);
  for (const [field, wanted] of Object.entries(EXPECTED)) {
    if (JSON.stringify(config[field]) !== JSON.stringify(wanted)) {
      throw notAJudge(`${CONFIG} has ${field} ${quote(config[field])}, this program needs ${quote(wanted)}`);
    }
  }
}

function notAJudge(what: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${what}.`,
    action: 'Use the folder training/checkpoint/judge of this version.',
    cause,
  });
}

function inputOf({ width, height, data }: JudgedPicture): HostTensor {
  if (width !== PICTURE_SIDE || height !== PICTURE_SIDE) {
    throw new OmniError({
      code: 'bad_image',
      message: `The judge takes pictures of ${PICTURE_SIDE} × ${PICTURE_SIDE} pixels; this one has ${width} × ${height}.`,
      action: `Draw or resize it to ${PICTURE_SIDE} × ${PICTURE_SIDE}.`,
    });
  }
  const area = width * height;
  const values = new Float32Array(CHANNELS * area);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < CHANNELS; c++) values[c * area + i] = data[CHANNELS * i + c] / 127.5 - 1;
  }
  return { type: 'float32', dims: [1, CHANNELS, height, width], data: values };
}
