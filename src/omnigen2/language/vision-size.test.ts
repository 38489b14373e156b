import { afterAll, expect, test } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { Runtime } from '../../runtime/types.ts';
import { fixtureCheckpoint } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { chatPrompt } from './chat-prompt.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';
import { visionPreprocessor, visionSizeNote, WASM_VISION_PIXELS } from './vision-size.ts';

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.dispose());
const checkpoint = await fixtureCheckpoint();

/** A model on a backend. No graph runs. */
function on(backend: Runtime['backend'], { maxPixels = 12_845_056, side = 1024 } = {}): OmniGen2Model {
  const { preprocessor } = checkpoint.config;
  const config = { ...checkpoint.config, preprocessor: { ...preprocessor, maxPixels } };
  const trainedOn = { ...checkpoint.trainedOn, side };
  return new OmniGen2Model({ ...checkpoint, config, trainedOn }, { ...runtime, backend }, loadTokenizer);
}

const PHOTO = { width: 4000, height: 3000 };

test('a photograph has about a megapixel on WebAssembly, with a note', async () => {
  const model = on('wasm');
  const { maxPixels } = visionPreprocessor(model);
  expect(maxPixels).toBe(WASM_VISION_PIXELS);
  expect(visionSizeNote(model, PHOTO, 'Picture 1')).toBe(
    'Picture 1 was resized to 1176 × 868 pixels for the language model: 4004 × 2996 would take too long without a GPU.',
  );
  expect(visionSizeNote(model, { width: 1000, height: 1000 }, 'Picture 1')).toBeUndefined();
});

test('the limit of the checkpoint holds elsewhere, in official mode, and if it is lower', () => {
  const { preprocessor } = on('wasm').config;
  for (const backend of ['webgpu', 'node'] as const) {
    expect(visionPreprocessor(on(backend))).toEqual(preprocessor);
    expect(visionSizeNote(on(backend), PHOTO, 'Picture 1')).toBeUndefined();
  }
  expect(visionPreprocessor(on('wasm'), true)).toEqual(preprocessor);
  expect(visionPreprocessor(on('wasm', { maxPixels: 500_000 })).maxPixels).toBe(500_000);
  expect(visionSizeNote(on('wasm', { maxPixels: 500_000 }), PHOTO, 'Picture 1')).toBeUndefined();
});

test('a model that was trained on small pictures gets small pictures on every backend', () => {
  for (const backend of ['webgpu', 'node', 'wasm'] as const) {
    const model = on(backend, { side: 128 });
    // Its training size is not reduced: 128 pixels are 140 in multiples of 28.
    expect(visionPreprocessor(model).maxPixels).toBe(140 * 140);
    expect(visionSizeNote(model, { width: 128, height: 128 }, 'Picture 1')).toBeUndefined();
    expect(visionSizeNote(model, PHOTO, 'Picture 1')).toBe(
      'Picture 1 was resized to 140 × 112 pixels for the language model: this model was not trained on larger pictures.',
    );
    expect(visionPreprocessor(model, true)).toEqual(model.config.preprocessor);
    expect(visionPreprocessor(on(backend, { side: 16 })).maxPixels).toBeGreaterThanOrEqual(
      model.config.preprocessor.minPixels,
    );
  }
});

test('the limit reduces the tokens of a question, except in official mode', async () => {
  const { width, height } = { width: 1200, height: 1000 };
  const image = { width, height, data: new Uint8Array(3 * width * height) };
  const cells = async (specialTokens: 'text' | 'tokens') => {
    const { images } = await chatPrompt(on('wasm'), 'What is it?', [image], specialTokens);
    return (images[0].grid.rows * images[0].grid.columns) / 4;
  };
  expect(await cells('text')).toBe(40 * 33);
  expect(await cells('tokens')).toBe(43 * 36);
});
