/**
 * The byte-level BPE tokenizer of Qwen2, by transformers.js, from the bytes of a checkpoint's files. It uses
 * neither network nor file system, so that Node and workers run the same code. The library is imported on the
 * first call.
 */

import type { Qwen2Tokenizer } from '@huggingface/transformers';
import { OmniError } from '../../errors.ts';
import { isObject, parseJson, quote } from '../../json.ts';
import { TOKENS, type Tokenizer } from './tokenizer.ts';

const TOKENIZER = 'processor/tokenizer.json';
const CONFIG = 'processor/tokenizer_config.json';

/** Round-trip probe: words, spaces, digits, a line end, and characters of two, three and four bytes. */
const PROBE = ' A cat, 12\n  é猫🎨';

/** Reads a file of a checkpoint's `processor/` folder; undefined if there is none of that name. */
export type ReadProcessorFile = (name: string) => Promise<Uint8Array | undefined>;

/**
 * Loads the tokenizer of a checkpoint from `tokenizer.json` and `tokenizer_config.json`.
 * @throws OmniError `bad_checkpoint` if a file is missing or damaged or lacks a token of the templates;
 *   `unsupported` for a tokenizer other than byte-level BPE
 * @example
 * const tokenizer = await loadTokenizer((name) => checkpoint.processorFile(name));
 * const ids = tokenizer.encode('a cat');
 */
export async function loadTokenizer(read: ReadProcessorFile): Promise<Tokenizer> {
  const tokenizer = await readObject(read, TOKENIZER);
  const config = await readObject(read, CONFIG);
  checkModel(tokenizer);
  checkAddedTokens(tokenizer);
  checkSteps(tokenizer);
  const library = await build(tokenizer, config);
  const vocabulary = library.get_vocab();
  const missing = Object.values(TOKENS).filter((token) => !vocabulary.has(token));
  if (missing.length > 0) {
    throw damaged(TOKENIZER, `has no token ${missing.join(', ')}, which prompts need`);
  }
  return {
    encode: (text) => library.encode(text, { add_special_tokens: false }),
    decode: (ids) =>
      ids.length === 0
        ? ''
        : library.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    idOf: (token) => vocabulary.get(token),
  };
}

async function readObject(read: ReadProcessorFile, file: string): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await read(file.slice(file.indexOf('/') + 1));
  if (!bytes) throw damaged(file, 'is missing');
  const json = parseJson(bytes, file);
  if (!isObject(json)) throw damaged(file, 'is not a JSON object');
  return json;
}

function checkModel({ model }: Readonly<Record<string, unknown>>): void {
  if (!isObject(model)) throw damaged(TOKENIZER, 'has no object "model"');
  // Older files have no type.
  if (model.type !== undefined && model.type !== 'BPE') {
    throw new OmniError({
      code: 'unsupported',
      message: `${TOKENIZER}: model.type is ${quote(model.type)}; only byte-level "BPE" is supported.`,
      action: 'Use a checkpoint with the Qwen2 tokenizer.',
    });
  }
  if (!isObject(model.vocab)) throw damaged(TOKENIZER, 'has no object "model.vocab"');
  const taken = new Map<unknown, string>();
  for (const [token, id] of Object.entries(model.vocab)) {
    if (!isId(id)) throw damaged(TOKENIZER, `gives ${quote(token)} the id ${quote(id)} in model.vocab`);
    const other = taken.get(id);
    if (other !== undefined) {
      throw damaged(TOKENIZER, `gives both ${quote(other)} and ${quote(token)} the id ${id} in model.vocab`);
    }
    taken.set(id, token);
  }
  if (taken.size === 0) throw damaged(TOKENIZER, 'has an empty vocabulary');
  const vocab = model.vocab;
  const missing = byteSymbols().findIndex((symbol) => !Object.hasOwn(vocab, symbol));
  if (missing >= 0)
    throw damaged(TOKENIZER, `has no token for the byte ${missing} in model.vocab, so text would be lost`);
  if (!Array.isArray(model.merges)) throw damaged(TOKENIZER, 'has no list "model.merges"');
  for (const [i, merge] of model.merges.entries()) {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    const known = (token: unknown) => typeof token === 'string' && Object.hasOwn(vocab, token);
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(known) || !known(pair.join(''))) {
      throw damaged(
        TOKENIZER,
        `has an entry ${quote(merge)} (model.merges[${i}]) that is not in its vocabulary`,
      );
    }
  }
}

function checkAddedTokens({ added_tokens: added }: Readonly<Record<string, unknown>>): void {
  if (!Array.isArray(added)) throw damaged(TOKENIZER, 'has no list "added_tokens"');
  for (const [i, token] of added.entries()) {
    if (!isObject(token) || typeof token.content !== 'string' || token.content === '' || !isId(token.id)) {
      throw damaged(TOKENIZER, `has no content and id in added_tokens[${i}]`);
    }
  }
}

/** Checks the steps before and after BPE. Without them, text would be tokenized and decoded differently. */
function checkSteps(tokenizer: Readonly<Record<string, unknown>>): void {
  for (const name of ['pre_tokenizer', 'decoder']) {
    const step = tokenizer[name];
    if (!isObject(step) || typeof step.type !== 'string') {
      throw damaged(TOKENIZER, `has ${quote(step)} as "${name}" instead of an object with a type`);
    }
  }
}

/**
 * The character of each byte in a byte-level vocabulary. Source: openai/gpt-2 `src/encoder.py`,
 * bytes_to_unicode
 */
export function byteSymbols(): string[] {
  let others = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : others++);
  });
}

async function build(tokenizer: object, config: object): Promise<Qwen2Tokenizer> {
  const { Qwen2Tokenizer } = await import('@huggingface/transformers');
  try {
    const library = new Qwen2Tokenizer(tokenizer, config);
    // Some damage only shows in a round trip.
    const ids = library.encode(PROBE, { add_special_tokens: false });
    const back = library.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    if (back !== PROBE)
      throw damaged(TOKENIZER, `cannot be used: the text ${quote(PROBE)} is decoded as ${quote(back)}`);
    return library;
  } catch (cause) {
    if (cause instanceof OmniError) throw cause;
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw damaged(TOKENIZER, `cannot be used: ${why}`, cause);
  }
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function damaged(file: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${file} ${why}.`,
    action: 'Fetch the file again from where the checkpoint came from.',
    cause,
  });
}
