/**
 * Opens a checkpoint in the official layout: `model_index.json`, and one folder each for transformer, vae,
 * mllm, processor and scheduler. Reads configurations and headers only. Reports errors before anything runs.
 */

import type { ModelConfig } from '../config/config.ts';
import {
  configMismatch,
  parseGenerationConfig,
  parseMllmConfig,
  parsePreprocessorConfig,
  parseSchedulerConfig,
  parseTransformerConfig,
  parseVaeConfig,
} from '../config/parse.ts';
import { OmniError } from '../errors.ts';
import { isObject, parseJson, quote } from '../json.ts';
import type { StoredTensor, WeightIndex } from '../tensors/stored.ts';
import { checkTensors } from './check.ts';
import { type ExpectedTensor, expectedMllm, expectedTransformer, expectedVae } from './expected.ts';
import { type CheckpointFolder, type FolderFile, readWhole } from './folder.ts';
import { readComponentWeights } from './weight-files.ts';

/** The components that have weights. */
export type ComponentName = 'transformer' | 'vae' | 'mllm';
export const COMPONENTS: readonly ComponentName[] = ['transformer', 'vae', 'mllm'];

/** One component of a checkpoint: its configuration, and the places of its weights in the files. */
export interface Component<Config> {
  readonly config: Config;
  readonly weights: WeightIndex;
  /** The tensors that the configuration needs. All are in `weights`. */
  readonly expected: readonly ExpectedTensor[];
  /** Names of tensors in the files that the model does not use. */
  readonly extraTensors: readonly string[];
  /** Configuration and weight files. */
  readonly files: readonly FolderFile[];
}

/** Limits of a model's training. Beyond them it draws badly. */
export interface TrainedOn {
  /** Side in pixels of a square with the area of the training pictures. */
  readonly side: number;
  /** Largest number of tokens of a prompt, chat template included. */
  readonly promptTokens: number;
}

/** An opened checkpoint. Its files are complete and consistent. No weights are loaded yet. */
export interface Checkpoint {
  readonly name: string;
  readonly trainedOn: TrainedOn;
  readonly folder: CheckpointFolder;
  readonly config: ModelConfig;
  readonly components: { readonly [Name in ComponentName]: Component<ModelConfig[Name]> };
  /** Files beside the components: model_index.json, processor/, scheduler/. */
  readonly files: readonly FolderFile[];
  /** Size of all used files, in bytes. */
  readonly sizeBytes: number;
  /**
   * Reads the bytes of one tensor, as stored.
   * @throws OmniError `unreachable` if the file changed or cannot be read
   */
  readTensor(tensor: StoredTensor): Promise<Uint8Array>;
  /** Reads a file of `processor/`, such as `tokenizer.json`. Returns undefined if it does not exist. */
  processorFile(name: string): Promise<Uint8Array | undefined>;
}

export const MODEL_INDEX = 'model_index.json';
/** An entry of model_index.json. The official loader ignores names that begin with an underscore. */
const TRAINED_ON = '_trained_on';
/** Limits of the released model. Source: OmniGen2 inference.py, --width, --height and max_sequence_length */
const RELEASED: TrainedOn = { side: 1024, promptTokens: 1024 };
const GENERATION_CONFIG = 'mllm/generation_config.json';

/** Supported classes of each entry of model_index.json. */
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  transformer: ['OmniGen2Transformer2DModel'],
  vae: ['AutoencoderKL'],
  mllm: ['Qwen2_5_VLForConditionalGeneration'],
  processor: ['Qwen2_5_VLProcessor'],
  scheduler: ['FlowMatchEulerDiscreteScheduler', 'DPMSolverMultistepScheduler'],
};
const PIPELINES: readonly string[] = ['OmniGen2Pipeline', 'OmniGen2ChatPipeline'];

/** Files that every checkpoint must have, besides weights. */
export const REQUIRED_FILES: readonly string[] = [
  'transformer/config.json',
  'vae/config.json',
  'mllm/config.json',
  'scheduler/scheduler_config.json',
  'processor/preprocessor_config.json',
  'processor/tokenizer.json',
  'processor/tokenizer_config.json',
];

/**
 * Opens a checkpoint folder. Checks classes, configurations, files, and names, types and shapes of all
 * tensors.
 * @throws OmniError `bad_checkpoint`, `unsupported` or `unreachable`; the message names the file and the
 *   field or tensor
 *
 * @example
 * const checkpoint = await openCheckpoint(nodeFolder('OmniGen2'));
 * console.log(checkpoint.config.transformer.numLayers, checkpoint.sizeBytes);
 */
export async function openCheckpoint(folder: CheckpointFolder): Promise<Checkpoint> {
  const files = await folder.list();
  const has = (path: string) => files.some((file) => file.path === path);
  if (!has(MODEL_INDEX)) throw noModelIndex(folder.name, files);
  const json = async (path: string) => parseJson(await readWhole(folder, path), path);
  const modelIndex = checkModelIndex(await json(MODEL_INDEX));
  const trainedOn = parseTrainedOn(modelIndex[TRAINED_ON]);
  for (const path of REQUIRED_FILES) {
    if (!has(path)) throw missingFile(path);
  }

  const mllmJson = await json('mllm/config.json');
  const config: ModelConfig = {
    transformer: parseTransformerConfig(await json('transformer/config.json'), 'transformer/config.json'),
    vae: parseVaeConfig(await json('vae/config.json'), 'vae/config.json'),
    mllm: parseMllmConfig(mllmJson, 'mllm/config.json'),
    generation: has(GENERATION_CONFIG)
      ? parseGenerationConfig(await json(GENERATION_CONFIG), GENERATION_CONFIG)
      : parseGenerationConfig(mllmJson, 'mllm/config.json'),
    scheduler: parseSchedulerConfig(
      await json('scheduler/scheduler_config.json'),
      'scheduler/scheduler_config.json',
    ),
    preprocessor: parsePreprocessorConfig(
      await json('processor/preprocessor_config.json'),
      'processor/preprocessor_config.json',
    ),
  };
  const mismatch = configMismatch(config);
  if (mismatch !== undefined) {
    throw new OmniError({
      code: 'bad_checkpoint',
      message: `${folder.name}: the components do not fit together: ${mismatch}.`,
      action: 'Use all folders from the same checkpoint.',
    });
  }

  const open = async <Config>(
    name: ComponentName,
    ofComponent: Config,
    expected: readonly ExpectedTensor[],
    canonical: (name: string) => string = (tensor) => tensor,
  ): Promise<Component<Config>> => {
    const { index, files: weightFiles } = await readComponentWeights(folder, name, files, canonical);
    const extraTensors = checkTensors(index, expected, `${name}/config.json`);
    const configFiles = [`${name}/config.json`, ...(name === 'mllm' ? [GENERATION_CONFIG] : [])];
    const own = files.filter(({ path }) => configFiles.includes(path));
    return { config: ofComponent, weights: index, expected, extraTensors, files: [...own, ...weightFiles] };
  };
  const components = {
    transformer: await open('transformer', config.transformer, expectedTransformer(config.transformer)),
    vae: await open('vae', config.vae, expectedVae(config.vae)),
    mllm: await open('mllm', config.mllm, expectedMllm(config.mllm), canonicalMllmName),
  };
  const beside = files.filter(
    ({ path }) => path === MODEL_INDEX || /^(processor|scheduler)\/[^/]+$/.test(path),
  );
  const all = [...beside, ...COMPONENTS.flatMap((name) => components[name].files)];
  return {
    name: folder.name,
    trainedOn,
    folder,
    config,
    components,
    files: beside,
    sizeBytes: all.reduce((sum, file) => sum + file.sizeBytes, 0),
    readTensor: ({ file, offset, sizeBytes }) => folder.read(file, offset, sizeBytes),
    async processorFile(name) {
      const path = `processor/${name}`;
      return has(path) ? readWhole(folder, path) : undefined;
    },
  };
}

/**
 * The name of a Qwen2.5-VL tensor in the released files: `model.…` for language, `visual.…` for vision.
 * Later versions of transformers write `model.language_model.…` and `model.visual.…`.
 */
function canonicalMllmName(name: string): string {
  return name.replace(/^model\.language_model\./, 'model.').replace(/^model\.visual\./, 'visual.');
}

function checkModelIndex(json: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(json)) throw badIndex(`is ${quote(json)}, not an object`);
  // A pipeline whose code is beside the weights has the form [file, class].
  const pipeline: unknown = Array.isArray(json._class_name) ? json._class_name[1] : json._class_name;
  if (typeof pipeline !== 'string' || !PIPELINES.includes(pipeline)) {
    throw notSupported(`_class_name is ${quote(pipeline)}`, PIPELINES);
  }
  for (const name of Object.keys(json)) {
    if (/[/\\]|\.\./.test(name))
      throw badIndex(`names the component ${quote(name)}, which is outside of its folder`);
  }
  for (const [name, supported] of Object.entries(CLASSES)) {
    const entry = json[name];
    const className: unknown = Array.isArray(entry) ? entry[1] : undefined;
    if (entry === undefined) throw badIndex(`does not name a ${name}`);
    if (typeof className !== 'string')
      throw badIndex(`names the ${name} as ${quote(entry)} instead of [library, class]`);
    if (!supported.includes(className))
      throw notSupported(`${name} is of class ${quote(className)}`, supported);
  }
  return json;
}

/** Parses `{side, prompt_tokens}`. Default: the limits of the released model. */
function parseTrainedOn(value: unknown): TrainedOn {
  if (value === undefined) return RELEASED;
  if (!isObject(value))
    throw badIndex(`has ${quote(value)} as ${TRAINED_ON} instead of {side, prompt_tokens}`);
  const whole = (field: string, min: number) => {
    const number = value[field];
    if (!Number.isInteger(number) || (number as number) < min || (number as number) > 65536) {
      throw badIndex(
        `has ${quote(number)} as ${TRAINED_ON}.${field} instead of a whole number from ${min} to 65536`,
      );
    }
    return number as number;
  };
  return { side: whole('side', 16), promptTokens: whole('prompt_tokens', 1) };
}

/** The error for a folder without model_index.json. It names the folder to choose instead. */
function noModelIndex(name: string, files: readonly FolderFile[]): OmniError {
  const inside = files.find(({ path }) => path.endsWith(`/${MODEL_INDEX}`));
  const isComponent = files.some(({ path }) => path === 'config.json' || path.endsWith('.safetensors'));
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${name} is not an OmniGen2 checkpoint: model_index.json is missing.`,
    action: inside
      ? `Choose the folder ${inside.path.slice(0, -MODEL_INDEX.length - 1)} inside it.`
      : isComponent
        ? 'Choose the folder above: the one with model_index.json, transformer, vae, mllm, processor and scheduler.'
        : 'Choose the folder with model_index.json, transformer, vae, mllm, processor and scheduler in it.',
  });
}

function missingFile(path: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${path} is missing.`,
    action: 'Fetch this file from the source of the checkpoint.',
  });
}

function badIndex(why: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${MODEL_INDEX} ${why}.`,
    action: 'Use the unchanged model_index.json of the checkpoint.',
  });
}

function notSupported(what: string, supported: readonly string[]): OmniError {
  return new OmniError({
    code: 'unsupported',
    message: `${MODEL_INDEX}: ${what}; this program supports ${supported.join(' or ')}.`,
    action: 'Use a checkpoint of OmniGen2.',
  });
}
