/**
 * Conversations on the tiny checkpoint. It generates random text; the seeds below make it ask for a picture.
 */

import { readFile } from 'node:fs/promises';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { GOLDENS } from '../../checkpoints/fixture.node.ts';
import { decodeImage } from '../../pictures/decode.node.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { Runtime } from '../../runtime/types.ts';
import { fixtureCheckpoint, settingsFor } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { ask, replySampler } from './ask.ts';
import { chatPrompt } from './chat-prompt.ts';
import { Conversation, type ConversationTurn } from './conversation.ts';
import { drawFromChatPrompt } from './draw-from-chat-prompt.ts';
import { generate, STOP_STRINGS } from './generate.ts';
import { tokenizeTurn } from './prompt.ts';
import { parseReply } from './reply.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';
import { visionPatches } from './vision-patches.ts';

/** The tokens of each run of the language model. */
const runs: number[] = [];

/** Records the runs of the language model. */
function recorded(runtime: Runtime): Runtime {
  return {
    ...runtime,
    open: async (graph, weights) => {
      const session = await runtime.open(graph, weights);
      if (!graph.name.startsWith('language model.')) return session;
      const runResident: typeof session.runResident = (inputs) => {
        runs.push(inputs.stream.dims[0]);
        return session.runResident(inputs);
      };
      return {
        name: session.name,
        run: (inputs) => session.run(inputs),
        runResident,
        dispose: () => session.dispose(),
      };
    },
  };
}

const model = new OmniGen2Model(
  await fixtureCheckpoint(),
  recorded(nodeRuntime({ threads: 1 })),
  loadTokenizer,
);
afterAll(() => model.dispose());
beforeEach(() => {
  runs.length = 0;
});

const tokenizer = await model.tokenizer();
const mllm = await model.mllm();
const photo = await decodeImage(await readFile(`${GOLDENS}/images/0.png`), 'images/0.png');
const PROMPT = 'A dog running in the park';
const drawing = {
  ...settingsFor({ width: 64, height: 48 }),
  ...{ steps: 2, seed: 5, textGuidance: 3, imageGuidance: 2 },
};
/** At temperature 100 any token can come first. */
const randomly = (seed: number) => ({ temperature: 100, topP: 1, seed });
const ASKS_FOR_PICTURE = randomly(331);
const ASKS_AFTER_A_WORD = randomly(2836);
const ASKS_IN_SECOND_TURN = randomly(3161);

function turn(text: string, changes: Partial<ConversationTurn> = {}): ConversationTurn {
  return { text, pictures: [], maxNewTokens: 8, drawing, ...changes };
}

test('the first turn has the answer of a single question', async () => {
  const text = 'Please briefly describe this image.';
  const texts: string[] = [];
  const onText = (soFar: string) => texts.push(soFar);
  const reply = await new Conversation(model).say(turn(text, { pictures: [photo], maxNewTokens: 24 }), {
    onText,
  });
  const answer = await ask(model, text, [photo], { maxNewTokens: 24 });
  expect(reply).toEqual({ text: answer.text, image: undefined, complete: answer.complete, notes: [] });
  expect(texts.at(-1)).toBe(answer.text);
  for (const part of texts) expect(part).not.toContain('\uFFFD');
});

test('four turns with pictures have the replies of the official code, which has no cache', async () => {
  const recorded = JSON.parse(await readFile('fixtures/conversation.json', 'utf8'));
  const conversation = new Conversation(model, { official: true });
  for (const { text, images, reply } of recorded.turns) {
    const pictures = await Promise.all(
      images.map(async (path: string) => decodeImage(await readFile(`${GOLDENS}/${path}`), path)),
    );
    expect(await conversation.say(turn(text, { pictures, maxNewTokens: 12 }))).toMatchObject({ text: reply });
  }
});

test('replies match those without a cache, and each turn only prefills its own tokens', async () => {
  const conversation = new Conversation(model);
  const texts = ['What is this?', 'And how many?', 'Which colour?'];
  const replies: string[] = [];
  for (const [i, text] of texts.entries()) {
    const reply = await conversation.say(turn(text, { pictures: i === 1 ? [photo] : [] }));
    replies.push(reply.text);
  }
  const [first, ...rest] = runs.filter((count) => count > 1);
  const counts = [...runs];

  // The same with the whole prompt prefilled in each turn.
  let { ids } = await chatPrompt(model, texts[0], []);
  const image = visionPatches(photo, model.config.preprocessor);
  const lengths: number[] = [];
  for (const [i, text] of texts.entries()) {
    const grids = i === 1 ? [image.grid] : [];
    if (i > 0) ids = [...ids, ...tokenizeTurn(tokenizer, text, grids, model.config.mllm, 'text')];
    lengths.push(ids.length);
    const generated = await generate(mllm, {
      ids,
      images: i > 0 ? [image] : [],
      maxNewTokens: 8,
      stopStrings: STOP_STRINGS,
      stopIds: model.config.generation.eosTokenIds,
      sampler: replySampler(model),
      decode: (tokens) => tokenizer.decode(tokens),
    });
    expect(parseReply(generated.text).text).toBe(replies[i]);
    ids = [...ids, ...(generated.ended === 'stop' ? generated.ids.slice(0, -1) : generated.ids)];
  }
  expect(conversation.length).toBe(ids.length);
  expect(first).toBe(lengths[0]);
  expect(rest).toHaveLength(2);
  // Each token runs once; the last token of each reply runs with the next turn.
  expect(counts.reduce((a, b) => a + b)).toBeLessThanOrEqual(ids.length);
  expect(Math.max(...rest)).toBeLessThan(lengths[2] - lengths[0]);
});

test('a reply that asks for a picture draws that of the chat pipeline', async () => {
  const stages: string[] = [];
  const { text, image, complete } = await new Conversation(model).say(
    turn(PROMPT, { sampling: ASKS_FOR_PICTURE, pictures: [] }),
    { onProgress: ({ type }) => stages.push(type) },
  );
  expect({ text, complete }).toEqual({ text: '', complete: true });
  const alone = await drawFromChatPrompt(model, { ...drawing, prompt: PROMPT, references: [] }, {}, 'text');
  expect(image?.data).toEqual(alone.image.data);
  expect([...new Set(stages)]).toEqual(['encoding-prompt', 'denoising', 'decoding']);
});

test('a drawing in the first turn uses the hidden states of its prefill', async () => {
  await new Conversation(model).say(
    turn(PROMPT, { sampling: ASKS_FOR_PICTURE, drawing: { ...drawing, textGuidance: 1 } }),
  );
  expect(runs).toHaveLength(1);
});

test('a picture token after text draws, except in official mode', async () => {
  const said = turn(PROMPT, { sampling: ASKS_AFTER_A_WORD });
  const reply = await new Conversation(model).say(said);
  expect(reply).toMatchObject({ text: 'ing', image: { width: 64, height: 48 } });
  const official = await new Conversation(model, { official: true }).say(said);
  expect(official).toMatchObject({ text: 'ing<|img|>', image: undefined });
});

test('official mode ignores the acceleration', async () => {
  const picture = async (official: boolean, acceleration: 'none' | 'teacache') => {
    const conversation = new Conversation(model, { official });
    const changes = { acceleration, teaCacheThreshold: 10, steps: 5 };
    const said = turn(PROMPT, { sampling: ASKS_FOR_PICTURE, drawing: { ...drawing, ...changes } });
    return (await conversation.say(said)).image?.data;
  };
  const plain = await picture(false, 'none');
  expect(await picture(true, 'teacache')).toEqual(plain);
  expect(await picture(false, 'teacache')).not.toEqual(plain);
});

test('the next turn sees and edits the drawn picture, which is added to the prompt once', async () => {
  const conversation = new Conversation(model);
  const first = await conversation.say(turn(PROMPT, { sampling: ASKS_FOR_PICTURE }));
  const before = conversation.length;
  const second = await conversation.say(turn('Make it blue.', { sampling: ASKS_IN_SECOND_TURN }));
  if (!first.image || !second.image) throw new Error('a picture is missing');
  const { grid } = visionPatches(first.image, model.config.preprocessor);
  const added = tokenizeTurn(tokenizer, 'Make it blue.', [grid], model.config.mllm, 'text').length;
  expect(conversation.length).toBe(before + added + 1);
  const alone = await drawFromChatPrompt(
    model,
    { ...drawing, prompt: 'Make it blue.', references: [first.image] },
    {},
    'text',
  );
  expect(second.image.data).toEqual(alone.image.data);
  // The third turn adds the second picture to the prompt, the fourth does not.
  for (const grids of [[visionPatches(second.image, model.config.preprocessor).grid], []]) {
    const start = conversation.length;
    await conversation.say(turn('Which colour?', { maxNewTokens: 1 }));
    const added = tokenizeTurn(tokenizer, 'Which colour?', grids, model.config.mllm, 'text').length;
    expect(conversation.length - start - added).toBeLessThanOrEqual(1);
  }
});

test('the pictures of a turn replace the drawn one', async () => {
  const conversation = new Conversation(model);
  await conversation.say(turn(PROMPT, { sampling: ASKS_FOR_PICTURE }));
  const before = conversation.length;
  await conversation.say(turn('What is this?', { pictures: [photo], maxNewTokens: 1 }));
  const { grid } = visionPatches(photo, model.config.preprocessor);
  const added = tokenizeTurn(tokenizer, 'What is this?', [grid], model.config.mllm, 'text').length;
  expect(conversation.length - before - added).toBeLessThanOrEqual(1);
});

test('a reply has a note about a picture that was resized, except in official mode', async () => {
  const checkpoint = { ...model.checkpoint, trainedOn: { side: 56, promptTokens: 80 } };
  const small = new OmniGen2Model(checkpoint, nodeRuntime({ threads: 1 }), loadTokenizer);
  const said = turn('What is this?', { pictures: [photo], maxNewTokens: 1 });
  const [bounded, official] = [new Conversation(small), new Conversation(small, { official: true })];
  const notes = [expect.stringMatching(/^Picture 1 was resized to .* was not trained on larger pictures\.$/)];
  expect(await bounded.say(said)).toMatchObject({ notes });
  expect(await bounded.say(turn('Which colour?'))).toMatchObject({ notes: [] });
  expect(await official.say(said)).toMatchObject({ notes: [] });
  await small.dispose();
});

test('an aborted turn stops within a token and does not change the conversation', async () => {
  const conversation = new Conversation(model);
  await conversation.say(turn('What is this?'));
  const { length } = conversation;
  const controller = new AbortController();
  let texts = 0;
  const stopped = conversation.say(turn('Write a long poem.', { maxNewTokens: 50 }), {
    signal: controller.signal,
    onText: () => {
      texts++;
      controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  expect(texts).toBe(1);
  expect(conversation.length).toBe(length);

  runs.length = 0;
  const again = await conversation.say(turn('And how many?'));
  const other = new Conversation(model);
  await other.say(turn('What is this?'));
  expect(await other.say(turn('And how many?'))).toEqual(again);
  // The tokens before the aborted turn are still cached.
  expect(runs[0]).toBeLessThan(length);
});

test('repeating an aborted turn prefills one token', async () => {
  const conversation = new Conversation(model);
  const stop = new AbortController();
  const said = turn('What is this?');
  await conversation
    .say(said, { signal: stop.signal, onText: () => stop.abort() })
    .catch((error) => expect(error.name).toBe('AbortError'));
  runs.length = 0;
  const { text } = await conversation.say(said);
  expect(runs[0]).toBe(1);
  expect(text).toBe((await new Conversation(model).say(said)).text);
});

test('a released conversation continues with the same replies', async () => {
  const [one, other] = [new Conversation(model), new Conversation(model)];
  for (const conversation of [one, other]) {
    await conversation.say(turn('What is this?', { pictures: [photo] }));
  }
  other.release();
  expect(await other.say(turn('And how many?'))).toEqual(await one.say(turn('And how many?')));
});

test('a conversation at its limit cuts the reply with a note and rejects further turns', async () => {
  const { ids } = await chatPrompt(model, 'What is this?', []);
  const conversation = new Conversation(model, { maxTokens: ids.length + 4 });
  const cut = await conversation.say(turn('What is this?', { maxNewTokens: 50, sampling: randomly(1) }));
  expect(cut).toMatchObject({
    complete: false,
    notes: [
      `The reply was cut: the conversation has reached its limit of ${ids.length + 4} tokens. Start a new one to continue.`,
    ],
  });
  const { length } = conversation;
  await expect(conversation.say(turn('And how many?'))).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(/^With this message the conversation has \d+ tokens; the limit is \d+\.$/),
    action: expect.stringContaining('new conversation'),
  });
  expect(conversation.length).toBe(length);
});

test('the conversation continues without a drawn picture that is too small, with a note', async () => {
  const conversation = new Conversation(model);
  const { image, notes } = await conversation.say(
    turn(PROMPT, { sampling: ASKS_FOR_PICTURE, drawing: { ...drawing, width: 16, height: 16 } }),
  );
  expect(image).toMatchObject({ width: 16, height: 16 });
  expect(notes).toEqual([expect.stringMatching(/The conversation continues without it\.$/)]);
  expect(await conversation.say(turn('Which colour?'))).toMatchObject({ notes: [] });
});

test('a seed determines the conversation, and its turns differ', async () => {
  const talk = async () => {
    const conversation = new Conversation(model);
    const sampling = { temperature: 5, topP: 0.9, seed: 3 };
    const replies: string[] = [];
    for (let i = 0; i < 2; i++)
      replies.push((await conversation.say(turn('Say a word.', { sampling }))).text);
    return replies;
  };
  const replies = await talk();
  expect(await talk()).toEqual(replies);
  expect(replies[0]).not.toBe(replies[1]);
});

test.each<[string, Partial<ConversationTurn>, RegExp]>([
  ['an empty message', { text: ' \n' }, /^The message is empty\.$/],
  ['an invalid temperature', { sampling: { temperature: -1, topP: 1, seed: 0 } }, /^The temperature -1/],
  ['an invalid top-p', { sampling: { temperature: 1, topP: 1.5, seed: 0 } }, /^The top-p 1\.5/],
  ['an invalid seed', { sampling: { temperature: 1, topP: 1, seed: -3 } }, /^The seed -3/],
  ['a limit of 0 tokens', { maxNewTokens: 0 }, /^An answer cannot have at most 0 tokens/],
  ['a fractional limit', { maxNewTokens: 1.5 }, /1\.5 tokens/],
])('%s is rejected with a message', async (_, changes, message) => {
  const conversation = new Conversation(model);
  await expect(conversation.say(turn('What is this?', changes))).rejects.toMatchObject({
    name: 'OmniError',
    code: 'bad_request',
    message: expect.stringMatching(message),
  });
  expect(conversation.length).toBe(0);
});

test('a picture that is too small is rejected with its number', async () => {
  const small = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) };
  const said = new Conversation(model).say(turn('What is this?', { pictures: [photo, small] }));
  await expect(said).rejects.toMatchObject({
    code: 'bad_image',
    message: expect.stringContaining('Picture 2'),
  });
});
