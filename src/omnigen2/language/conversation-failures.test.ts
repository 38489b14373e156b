/**
 * The engine fails during a conversation: no tensor leaks on the device, and the conversation is unchanged.
 */

import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { OmniError } from '../../errors.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import { fixtureCheckpoint, settingsFor } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { Conversation, type ConversationTurn } from './conversation.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';

const watched = watchedRuntime();
const model = new OmniGen2Model(await fixtureCheckpoint(), watched.runtime, loadTokenizer);
afterAll(() => model.dispose());

const { numHiddenLayers } = model.config.mllm.language;
const drawing = {
  ...settingsFor({ width: 64, height: 48 }),
  ...{ steps: 2, seed: 5, textGuidance: 1, imageGuidance: 1 },
};
const turn = (text: string): ConversationTurn => ({ text, pictures: [], maxNewTokens: 4, drawing });
/** Keys and values of every layer. */
const CACHE_TENSORS = 2 * numHiddenLayers;

let conversation: Conversation;
beforeEach(() => {
  conversation = new Conversation(model);
});
afterEach(() => {
  watched.beforeRun = () => undefined;
  conversation.release();
  expect(watched.alive.size).toBe(0);
});

/** Makes the `nth` run of a graph fail, counted from 1. */
function failAt(graph: string, nth: number): void {
  let count = 0;
  watched.beforeRun = (name) => {
    if (!name.startsWith(graph) || ++count !== nth) return;
    throw new OmniError({ code: 'device', message: 'Out of memory.', action: 'Wait.' });
  };
}

test.each([
  ['the prompt', 1],
  ['the first word', 2],
  ['the third word', 4],
])('at %s of a first turn', async (_, nth) => {
  failAt('language model', nth);
  await expect(conversation.say(turn('What is this?'))).rejects.toMatchObject({ code: 'device' });
  expect(watched.alive.size).toBe(nth === 1 ? 0 : CACHE_TENSORS);
  watched.beforeRun = () => undefined;
  const other = new Conversation(model);
  expect(await conversation.say(turn('What is this?'))).toEqual(await other.say(turn('What is this?')));
  other.release();
});

test.each([
  ['language model', 1],
  ['language model', 2],
  ['lm head', 1],
  ['cache truncation', 1],
  ['cache truncation', numHiddenLayers],
])('in the %s, run %i of a later turn', async (graph, nth) => {
  await conversation.say(turn('What is this?'));
  // The next turn truncates the cache that the aborted turn has extended.
  const stop = new AbortController();
  const hooks = { signal: stop.signal, onText: () => stop.abort() };
  await expect(conversation.say(turn('Write a poem.'), hooks)).rejects.toMatchObject({ name: 'AbortError' });
  const { length } = conversation;
  failAt(graph, nth);
  await expect(conversation.say(turn('And how many?'))).rejects.toMatchObject({ code: 'device' });
  expect(watched.alive.size).toBe(CACHE_TENSORS);
  expect(conversation.length).toBe(length);
  watched.beforeRun = () => undefined;
  const other = new Conversation(model);
  await other.say(turn('What is this?'));
  expect(await conversation.say(turn('And how many?'))).toEqual(await other.say(turn('And how many?')));
  other.release();
});
