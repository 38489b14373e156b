/** An engine that fails amid a conversation: nothing is left on the device, and what was said stays. */

import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { OmniError } from '../../errors.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import { fixtureCheckpoint } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { drawDefaults } from '../pipeline.ts';
import { Conversation, type ConversationTurn } from './conversation.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';

const watched = watchedRuntime();
const model = new OmniGen2Model(await fixtureCheckpoint(), watched.runtime, loadTokenizer);
afterAll(() => model.dispose());

const { numHiddenLayers } = model.config.mllm.language;
const drawing = {
  ...drawDefaults({ width: 64, height: 48 }, { promptTokens: 1024 }),
  ...{ steps: 2, seed: 5, textGuidance: 1, imageGuidance: 1 },
};
const turn = (text: string): ConversationTurn => ({ text, pictures: [], maxNewTokens: 4, drawing });
/** Keys and values of every layer. */
const HELD = 2 * numHiddenLayers;

let conversation: Conversation;
beforeEach(() => {
  conversation = new Conversation(model);
});
afterEach(() => {
  watched.beforeRun = () => undefined;
  conversation.release();
  expect(watched.alive.size).toBe(0);
});

/** Lets the `nth` run of a graph fail, counted from 1. */
function failAt(graph: string, nth: number): void {
  let count = 0;
  watched.beforeRun = (name) => {
    if (name !== graph || ++count !== nth) return;
    throw new OmniError({ code: 'device', message: 'There is no memory.', action: 'Wait.' });
  };
}

test.each([
  ['the prompt', 1],
  ['the first word', 2],
  ['the third word', 4],
])('while it reads %s of a first turn', async (_, nth) => {
  failAt('language model', nth);
  await expect(conversation.say(turn('What is this?'))).rejects.toMatchObject({ code: 'device' });
  expect(watched.alive.size).toBe(nth === 1 ? 0 : HELD);
  watched.beforeRun = () => undefined;
  const other = new Conversation(model);
  expect(await conversation.say(turn('What is this?'))).toEqual(await other.say(turn('What is this?')));
  other.release();
});

test.each([
  ['language model', 1],
  ['language model', 2],
  ['lm head', 1],
  ['cache cut', 1],
  ['cache cut', numHiddenLayers],
])('in the %s, run %i of a later turn', async (graph, nth) => {
  await conversation.say(turn('What is this?'));
  // What a stopped turn has read is cut off again by the next one.
  const stop = new AbortController();
  const hooks = { signal: stop.signal, onText: () => stop.abort() };
  await expect(conversation.say(turn('Write a poem.'), hooks)).rejects.toMatchObject({ name: 'AbortError' });
  const { length } = conversation;
  failAt(graph, nth);
  await expect(conversation.say(turn('And how many?'))).rejects.toMatchObject({ code: 'device' });
  expect(watched.alive.size).toBe(HELD);
  expect(conversation.length).toBe(length);
  watched.beforeRun = () => undefined;
  const other = new Conversation(model);
  await other.say(turn('What is this?'));
  expect(await conversation.say(turn('And how many?'))).toEqual(await other.say(turn('And how many?')));
  other.release();
});
