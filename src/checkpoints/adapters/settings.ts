/**
 * What an adapter's trainer says of its strength beside the tensors: the configuration of peft, which lies in
 * `adapter_config.json` beside the file or in the file's own header.
 *
 * Sources: peft tuners/lora/layer.py, LoraLayer.update_layer (alpha / rank, or alpha / sqrt(rank)) and utils/other.py,
 * get_pattern_key; diffusers loaders/lora_base.py, LORA_ADAPTER_METADATA_KEY, and loaders/lora_pipeline.py, which puts
 * `transformer.` before each field.
 */

import { OmniError } from '../../errors.ts';
import { isObject, parseJson, quote } from '../../json.ts';
import { readMetadata } from '../safetensors.ts';

/** Rank and alpha of an adapter's pairs. */
export interface LoraSettings {
  /** How messages name the place that says so. */
  readonly source: string;
  readonly alpha: number;
  readonly rank: number;
  /** Exceptions, the first that fits a module's path counts. */
  readonly alphaPattern: readonly Exception[];
  readonly rankPattern: readonly Exception[];
  /** Whether alpha is divided by the root of the rank (rank-stabilized LoRA) instead of by the rank. */
  readonly rankStabilized: boolean;
}

interface Exception {
  readonly fits: RegExp;
  readonly value: number;
}

/** Where diffusers keeps the configuration in a safetensors header. */
const HEADER_KEY = 'lora_adapter_metadata';
/** What diffusers' pipelines put before the fields of the component that an adapter is for. */
const COMPONENT = 'transformer.';

/**
 * The settings in an adapter's own header, or undefined if it has none.
 * @throws OmniError `bad_checkpoint` if they cannot be used, `unsupported` for another kind of adapter.
 */
export function settingsInHeader(bytes: Uint8Array, file: string): LoraSettings | undefined {
  const text = readMetadata(bytes, file).get(HEADER_KEY);
  if (text === undefined) return undefined;
  const source = `${HEADER_KEY} in the header of ${file}`;
  const json = parseJson(new TextEncoder().encode(text), source);
  if (!isObject(json)) throw unusable(source, `is ${quote(json)} and not a list of settings`);
  const own = Object.entries(json).filter(([name]) => name.startsWith(COMPONENT));
  if (own.length > 0) {
    return settingsOf(
      Object.fromEntries(own.map(([name, value]) => [name.slice(COMPONENT.length), value])),
      source,
    );
  }
  // Settings of other components alone (`text_encoder.r`) say nothing of the transformer.
  return Object.keys(json).some((name) => !name.includes('.')) ? settingsOf(json, source) : undefined;
}

/**
 * The settings in an `adapter_config.json`.
 * @param source how messages name the file.
 * @throws OmniError see {@link settingsInHeader}.
 */
export function parseAdapterConfig(bytes: Uint8Array, source: string): LoraSettings {
  const json = parseJson(bytes, source);
  if (!isObject(json)) throw unusable(source, `is ${quote(json)} and not a list of settings`);
  return settingsOf(json, source);
}

/**
 * What the product of a pair is multiplied with.
 * @param path the module that it changes, such as `layers.0.attn.to_q`.
 * @param rank of its matrices.
 * @throws OmniError `bad_checkpoint` if the settings belong to an adapter of another rank.
 */
export function scaleFrom(settings: LoraSettings, path: string, rank: number): number {
  const exception = (list: readonly Exception[]) => list.find(({ fits }) => fits.test(path))?.value;
  const said = exception(settings.rankPattern) ?? settings.rank;
  if (said !== rank) {
    throw unusable(settings.source, `says rank ${said} for ${path}, but its matrices have rank ${rank}`);
  }
  const alpha = exception(settings.alphaPattern) ?? settings.alpha;
  return alpha / (settings.rankStabilized ? Math.sqrt(rank) : rank);
}

function settingsOf(json: Readonly<Record<string, unknown>>, source: string): LoraSettings {
  const kind = json.peft_type ?? 'LORA';
  if (kind !== 'LORA' || json.use_dora === true) {
    throw new OmniError({
      code: 'unsupported',
      message: `${source} describes ${kind === 'LORA' ? 'a DoRA adapter' : `an adapter of the kind ${quote(kind)}`}; only plain LoRA is supported.`,
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

/** Keys are regular expressions that must fit the end of a path, from the beginning of one of its parts. */
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
      return { fits: new RegExp(`^(.*\\.)?(${key})$`), value: number };
    } catch {
      throw unusable(source, `has the pattern ${quote(key)} in ${field}, which cannot be read`);
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
    action: 'Use the adapter and its settings as one training wrote them.',
  });
}
