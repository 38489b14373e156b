/** Finds the weights of one component: one safetensors file, or shards and their index. */

import { OmniError } from '../errors.ts';
import { isObject, parseJson, quote } from '../json.ts';
import type { StoredTensor, WeightIndex } from '../tensors/stored.ts';
import { type CheckpointFolder, type FolderFile, insidePath, readWhole } from './folder.ts';
import { readSafetensorsHeader } from './safetensors.ts';

/** The weights of a component. */
export interface ComponentWeights {
  readonly index: WeightIndex;
  /** The safetensors files with the tensors, and the index file if there is one. */
  readonly files: readonly FolderFile[];
}

/** Weight files of other programs. The error message names them. */
const OTHER_FORMATS = /\.(bin|pt|pth|ckpt|gguf|onnx|msgpack|h5)$/;

/**
 * Reads the headers of a component's weights.
 * @param component the component's folder: `transformer`, `vae` or `mllm`
 * @param files all files of the checkpoint
 * @param canonical maps a tensor's name in the file to its name in the program
 * @throws OmniError `bad_checkpoint` if there are no weights, several candidates without an index, or a
 *   damaged file
 */
export async function readComponentWeights(
  folder: CheckpointFolder,
  component: string,
  files: readonly FolderFile[],
  canonical: (name: string) => string,
): Promise<ComponentWeights> {
  const inside = files.filter(({ path }) => path.startsWith(`${component}/`) && path.split('/').length === 2);
  const chosen = choose(component, inside);
  const tensors = chosen.path.endsWith('.json')
    ? await readShards(folder, component, chosen, inside)
    : await readHeader(folder, chosen);
  const index = new Map<string, StoredTensor>();
  for (const tensor of tensors) {
    const name = canonical(tensor.name);
    if (index.has(name)) throw broken(`${tensor.file}: tensor ${name} occurs twice, under two names`);
    index.set(name, { ...tensor, name });
  }
  const used = new Set([chosen.path, ...tensors.map(({ file }) => file)]);
  return {
    index: { get: (name) => index.get(name), names: [...index.keys()] },
    files: inside.filter(({ path }) => used.has(path)),
  };
}

/**
 * The weight file or index to read. Official names take precedence over variants (`….fp16.safetensors`), and
 * a file over an index, as in `from_pretrained` of diffusers and transformers without a variant.
 */
function choose(component: string, files: readonly FolderFile[]): FolderFile {
  const order = [
    /\/(diffusion_pytorch_model|model)\.safetensors$/,
    /\/(diffusion_pytorch_model|model)\.safetensors\.index\.json$/,
    /\/(diffusion_pytorch_model|model)\.[a-z0-9]+\.safetensors$/,
    /\/(diffusion_pytorch_model|model)\.safetensors\.index\.[a-z0-9]+\.json$/,
    /\.safetensors$/,
  ];
  for (const pattern of order) {
    const matches = files.filter(({ path }) => pattern.test(path));
    if (matches.length === 1) return matches[0];
    if (matches.length > 1) {
      throw new OmniError({
        code: 'bad_checkpoint',
        message: `${component}/ holds several weight files and no index: ${names(matches)}.`,
        action: 'Fetch the file …safetensors.index.json too, or keep only one weight file.',
      });
    }
  }
  const others = files.filter(({ path }) => OTHER_FORMATS.test(path));
  throw new OmniError({
    code: 'bad_checkpoint',
    message:
      others.length > 0
        ? `${component}/ has its weights in ${names(others)}; only safetensors files are read.`
        : `${component}/ has no weights: there is no file ending in .safetensors.`,
    action: 'Fetch the safetensors files of this component.',
  });
}

async function readHeader(folder: CheckpointFolder, file: FolderFile): Promise<StoredTensor[]> {
  const read = (offset: number, length: number) => folder.read(file.path, offset, length);
  return readSafetensorsHeader(read, file.path, file.sizeBytes);
}

/**
 * Source of the format: huggingface_hub serialization (`metadata`, `weight_map`: tensor name to shard file).
 */
async function readShards(
  folder: CheckpointFolder,
  component: string,
  indexFile: FolderFile,
  files: readonly FolderFile[],
): Promise<StoredTensor[]> {
  const json = parseJson(await readWhole(folder, indexFile.path), indexFile.path);
  const weightMap = isObject(json) ? json.weight_map : undefined;
  if (!isObject(weightMap) || Object.keys(weightMap).length === 0) {
    throw broken(`${indexFile.path}: weight_map is ${quote(weightMap)} instead of an object with tensors`);
  }
  const byShard = new Map<string, string[]>();
  for (const [name, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string') {
      throw broken(`${indexFile.path}: tensor ${name} is in ${quote(shard)}, which is not a file name`);
    }
    const path = insidePath(component, shard, `${indexFile.path}: tensor ${name}`);
    byShard.set(path, [...(byShard.get(path) ?? []), name]);
  }
  const missing = [...byShard.keys()].filter((path) => !files.some((file) => file.path === path));
  if (missing.length > 0) {
    throw broken(`${indexFile.path} lists ${missing.join(', ')}, but there is no such file`);
  }
  const tensors: StoredTensor[] = [];
  for (const [path, wanted] of byShard) {
    const file = files.find((candidate) => candidate.path === path);
    if (!file) continue;
    const found = new Map((await readHeader(folder, file)).map((tensor) => [tensor.name, tensor]));
    for (const name of wanted) {
      const tensor = found.get(name);
      if (!tensor)
        throw broken(`${indexFile.path} lists tensor ${name} in ${path}, but that file has no such tensor`);
      tensors.push(tensor);
    }
  }
  return tensors;
}

function names(files: readonly FolderFile[]): string {
  const shown = files.slice(0, 3).map(({ path }) => path.slice(path.indexOf('/') + 1));
  return shown.join(', ') + (files.length > 3 ? ` and ${files.length - 3} more` : '');
}

function broken(message: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${message}.`,
    action: 'Fetch the files of this component again, all from the same checkpoint.',
  });
}
