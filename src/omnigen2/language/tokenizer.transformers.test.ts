import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { OmniError } from '../../errors.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';
import { TOKENS, type Tokenizer } from './tokenizer.ts';

fc.configureGlobal({ seed: 2506 });

const FOLDER = new URL('../../../fixtures/goldens/model/processor/', import.meta.url);
const read = (name: string): Promise<Uint8Array> => readFile(new URL(name, FOLDER));

type Json = Record<string, unknown>;

/** Loads a tokenizer with a changed `tokenizer.json`. */
async function loadChanged(change: (json: Json & { model: Json }) => void): Promise<Tokenizer> {
  const json = JSON.parse(Buffer.from(await read('tokenizer.json')).toString());
  change(json);
  const bytes = Buffer.from(JSON.stringify(json));
  return loadTokenizer(async (name) => (name === 'tokenizer.json' ? bytes : read(name)));
}

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(read);
});

describe('the tokenizer', () => {
  it('round-trips any text in NFC', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.normalize('NFC'));
    fc.assert(
      fc.property(text, (value) => {
        expect(tokenizer.decode(tokenizer.encode(value))).toBe(value);
      }),
    );
  });

  it('composes characters and splits digits', () => {
    expect(tokenizer.encode('e\u0301')).toEqual(tokenizer.encode('\u00e9'));
    expect(tokenizer.encode('2026')).toHaveLength(4);
  });

  it('tokenizes special tokens in the text as such', () => {
    const ids = tokenizer.encode(`a${TOKENS.end}b${TOKENS.image}`);
    expect(ids).toEqual([
      ...tokenizer.encode('a'),
      tokenizer.idOf(TOKENS.end),
      ...tokenizer.encode('b'),
      tokenizer.idOf(TOKENS.image),
    ]);
    expect(tokenizer.decode(ids)).toBe('a<|im_end|>b<|img|>');
    expect(tokenizer.idOf('<|nothing|>')).toBeUndefined();
    expect([tokenizer.encode(''), tokenizer.decode([])]).toEqual([[], '']);
  });

  it('tokenizes 10,000 characters in reasonable time', () => {
    const started = performance.now();
    expect(tokenizer.encode('A red fox jumps. '.repeat(600)).length).toBeGreaterThan(1000);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('loadTokenizer', () => {
  it.each<[string, (json: Json & { model: Json }) => void, RegExp]>([
    ['without a model', (json) => Reflect.deleteProperty(json, 'model'), /has no object "model"/],
    [
      'without a vocabulary',
      (json) => Reflect.deleteProperty(json.model, 'vocab'),
      /no object "model.vocab"/,
    ],
    ['with an empty vocabulary', (json) => Object.assign(json.model, { vocab: {} }), /empty vocabulary/],
    [
      'with an id that is not a number',
      (json) => Object.assign(json.model.vocab as Json, { a: 'x' }),
      /"a" the id "x"/,
    ],
    [
      'with a duplicate id',
      (json) => Object.assign(json.model.vocab as Json, { zzzz: 3 }),
      /both .* the id 3/,
    ],
    ['without merges', (json) => Object.assign(json.model, { merges: 'none' }), /no list "model.merges"/],
    [
      'with a merge of unknown tokens',
      (json) => (json.model.merges as unknown[]).push(['qqq', 'zzz']),
      /\["qqq","zzz"\] \(model\.merges\[\d+\]\) that is not in its vocabulary/,
    ],
    [
      'with an invalid added token',
      (json) => Object.assign(json, { added_tokens: [{ id: 1 }] }),
      /added_tokens\[0\]/,
    ],
    [
      'without prompt tokens',
      (json) => Object.assign(json, { added_tokens: [] }),
      /has no token <\|im_start\|>/,
    ],
    [
      'without the token of a byte',
      (json) => {
        Reflect.deleteProperty(json.model.vocab as Json, 'q');
        Object.assign(json.model, { merges: [] });
      },
      /has no token for the byte 113 in model\.vocab/,
    ],
    [
      'without a splitting rule',
      (json) => Object.assign(json, { pre_tokenizer: null }),
      /has null as "pre_tokenizer"/,
    ],
    [
      'that fail the round trip',
      (json) => Object.assign(json, { pre_tokenizer: { type: 'WhitespaceSplit' } }),
      /the text " A cat, 12\\n {2}é猫🎨" is decoded as /,
    ],
    [
      'with a splitting rule of an unknown kind',
      (json) => Object.assign(json, { pre_tokenizer: { type: 'Nonsense' } }),
      /cannot be used: /,
    ],
  ])('rejects files %s', async (_, change, words) => {
    await expect(loadChanged(change)).rejects.toThrow(words);
    await expect(loadChanged(change)).rejects.toThrow(
      expect.objectContaining({
        code: 'bad_checkpoint',
        message: expect.stringMatching(/^processor\/tokenizer\.json .*\.$/),
      }),
    );
  });

  it('rejects a tokenizer of another kind', async () => {
    const unigram = loadChanged((json) => Object.assign(json.model, { type: 'Unigram' }));
    await expect(unigram).rejects.toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('rejects files that are missing, truncated or not JSON', async () => {
    await expect(loadTokenizer(async () => undefined)).rejects.toThrow(
      'processor/tokenizer.json is missing.',
    );
    const cut = loadTokenizer(async (name) => (await read(name)).subarray(0, 999));
    await expect(cut).rejects.toThrow(/processor\/tokenizer\.json is not valid JSON/);
    const config = loadTokenizer(async (name) =>
      name === 'tokenizer.json' ? read(name) : Buffer.from('[]'),
    );
    await expect(config).rejects.toThrow('processor/tokenizer_config.json is not a JSON object.');
    await expect(config).rejects.toBeInstanceOf(OmniError);
  });
});
