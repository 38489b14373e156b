/**
 * The settings that a trainer writes beside an adapter's tensors, in the format of peft: ranks and alphas.
 * They are in `adapter_config.json` beside the file, or in the file's header.
 *
 * Sources: peft tuners/lora/layer.py, LoraLayer.update_layer (alpha / rank, or alpha / sqrt(rank)) and
 * utils/other.py, get_pattern_key; diffusers loaders/lora_base.py, LORA_ADAPTER_METADATA_KEY, and
 * loaders/lora_pipeline.py, which writes `transformer.` before each field.
 */

import { OmniError } from '../../errors.ts';
import { isObject, parseJson, quote } from '../../json.ts';
import { readMetadata } from '../safetensors.ts';

/** Ranks and alphas of an adapter's pairs. */
export interface LoraSettings {
  /** Name of the file or header with the settings, for messages. */
  readonly source: string;
  readonly alpha: number;
  readonly rank: number;
  /** Exceptions by module path. The first that matches counts. */
  readonly alphaPattern: readonly Exception[];
  readonly rankPattern: readonly Exception[];
  /** Whether alpha is divided by the square root of the rank (rank-stabilized LoRA) instead of the rank. */
  readonly rankStabilized: boolean;
}

interface Exception {
  readonly pattern: RegExp;
  readonly value: number;
}

/** Key of the settings in a safetensors header that diffusers writes. */
const HEADER_KEY = 'lora_adapter_metadata';
/** Prefix that the pipelines of diffusers write before the fields of the transformer's adapter. */
const COMPONENT = 'transformer.';

/**
 * The settings in the header of an adapter file, or undefined if it has none.
 * @throws OmniError `bad_checkpoint` if they are not valid, `unsupported` for another kind of adapter
 */
export function settingsInHeader(bytes: Uint8Array, file: string): LoraSettings | undefined {
  const text = readMetadata(bytes, file).get(HEADER_KEY);
  if (text === undefined) return undefined;
  const source = `${HEADER_KEY} in the header of ${file}`;
  const json = parseJson(new TextEncoder().encode(text), source);
  if (!isObject(json)) throw unusable(source, `is ${quote(json)} instead of an object with settings`);
  const own = Object.entries(json).filter(([name]) => name.startsWith(COMPONENT));
  if (own.length > 0) {
    return settingsOf(
      Object.fromEntries(own.map(([name, value]) => [name.slice(COMPONENT.length), value])),
      source,
    );
  }
  // Settings that are all for other components (`text_encoder.r`) do not apply to the transformer.
  return Object.keys(json).some((name) => !name.includes('.')) ? settingsOf(json, source) : undefined;
}

/**
 * The settings in an `adapter_config.json`.
 * @param source the file's name, for messages
 * @throws OmniError see {@link settingsInHeader}
 */
export function parseAdapterConfig(bytes: Uint8Array, source: string): LoraSettings {
  const json = parseJson(bytes, source);
  if (!isObject(json)) throw unusable(source, `is ${quote(json)} instead of an object with settings`);
  return settingsOf(json, source);
}

/**
 * The factor of a pair's product: alpha / rank, or alpha / sqrt(rank).
 * @param path the module that the pair changes, such as `layers.0.attn.to_q`
 * @param rank rank of the pair's matrices
 * @throws OmniError `bad_checkpoint` if the settings have another rank for the module
 */
export function scaleFrom(settings: LoraSettings, path: string, rank: number): number {
  const exception = (list: readonly Exception[]) => list.find(({ pattern }) => pattern.test(path))?.value;
  const expected = exception(settings.rankPattern) ?? settings.rank;
  if (expected !== rank) {
    throw unusable(settings.source, `has rank ${expected} for ${path}, but its matrices have rank ${rank}`);
  }
  const alpha = exception(settings.alphaPattern) ?? settings.alpha;
  return alpha / (settings.rankStabilized ? Math.sqrt(rank) : rank);
}

function settingsOf(json: Readonly<Record<string, unknown>>, source: string): LoraSettings {
  const kind = json.peft_type ?? 'LORA';
  if (kind !== 'LORA' || json.use_dora === true) {
    throw new OmniError({
      code: 'unsupported',
      message: `${source} describes ${kind === 'LORA' ? 'a DoRA adapter' : `an adapter of the kind ${quote(kind)}`}. Only plain LoRA is supported.`,
      action: 'Use a plain LoRA adapter.',
    });
  }
  return {
    source,
    alpha: numberAt(json.lora_alpha, 'lora_alpha', source),
    rank: rankAt(json.r, 'r', source),
    alphaPattern: patterns(json, 'alpha_pattern', source, numberAt),
    rankPattern: patterns(json, 'rank_pattern', source, rankAt),
    rankStabilized: switchAt(json.use_rslora, 'use_rslora', source),
  };
}

/** Exceptions of one field. A key is a regular expression for the last segments of a module path. */
function patterns(
  json: Readonly<Record<string, unknown>>,
  field: string,
  source: string,
  valueAt: (value: unknown, field: string, source: string) => number,
): Exception[] {
  const value = json[field] ?? {};
  if (!isObject(value)) throw unusable(source, `has ${quote(value)} as ${field}`);
  return Object.entries(value).map(([key, entry]) => {
    const number = valueAt(entry, `${field}.${key}`, source);
    try {
      return { pattern: new RegExp(`^(.*\\.)?(${key})$`), value: number };
    } catch {
      throw unusable(source, `has the pattern ${quote(key)} in ${field}, which is not a regular expression`);
    }
  });
}

function numberAt(value: unknown, field: string, source: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw unusable(source, `has ${quote(value)} as ${field} instead of a number`);
}

function rankAt(value: unknown, field: string, source: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw unusable(source, `has ${quote(value)} as ${field} instead of a whole number above 0`);
}

function switchAt(value: unknown, field: string, source: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw unusable(source, `has ${quote(value)} as ${field} instead of true or false`);
}

function unusable(source: string, why: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${source} ${why}.`,
    action: 'Use the adapter and the settings of the same training, unchanged.',
  });
}
