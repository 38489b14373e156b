/** Conversations on the tiny checkpoint. Its words are random, so seeds that make it ask for a picture were searched for. */

import { readFile } from 'node:fs/promises';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { GOLDENS } from '../../checkpoints/fixture.node.ts';
import { decodeImage } from '../../pictures/decode.node.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { Runtime } from '../../runtime/types.ts';
import { fixtureCheckpoint } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { drawDefaults } from '../pipeline.ts';
import { ask, chatPrompt, drawFromChatPrompt, replySampler } from './ask.ts';
import { Conversation, type ConversationTurn } from './conversation.ts';
import { generate, STOP_STRINGS } from './generate.ts';
import { tokenizeTurn } from './prompt.ts';
import { parseReply } from './reply.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';
import { visionPatches } from './vision-patches.ts';

/** How many tokens the language model was given, run by run. */
const read: number[] = [];

/** The processor, with an eye on what the language model reads. */
function watched(runtime: Runtime): Runtime {
  return {
    ...runtime,
    open: async (graph, weights) => {
      const session = await runtime.open(graph, weights);
      if (graph.name !== 'language model') return session;
      const runResident: typeof session.runResident = (inputs) => {
        read.push(inputs.inputs_embeds.dims[0]);
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
  watched(nodeRuntime({ threads: 1 })),
  loadTokenizer,
);
afterAll(() => model.dispose());
beforeEach(() => {
  read.length = 0;
});

const tokenizer = await model.tokenizer();
const mllm = await model.mllm();
const photo = await decodeImage(await readFile(`${GOLDENS}/images/0.png`), 'images/0.png');
const PROMPT = 'A dog running in the park';
const drawing = {
  ...drawDefaults({ width: 64, height: 48 }, { promptTokens: 1024 }),
  ...{ steps: 2, seed: 5, textGuidance: 3, imageGuidance: 2 },
};
/** With temperature 100 any token can come first. */
const byChance = (seed: number) => ({ temperature: 100, topP: 1, seed });
const ASKS_FOR_PICTURE = byChance(331);
const ASKS_AFTER_A_WORD = byChance(2836);
const ASKS_IN_SECOND_TURN = byChance(3161);

function turn(text: string, changes: Partial<ConversationTurn> = {}): ConversationTurn {
  return { text, pictures: [], maxNewTokens: 8, drawing, ...changes };
}

test('the first turn is the question of the chat pipeline', async () => {
  const text = 'Please briefly describe this image.';
  const heard: string[] = [];
  const onText = (words: string) => heard.push(words);
  const reply = await new Conversation(model).say(turn(text, { pictures: [photo], maxNewTokens: 24 }), {
    onText,
  });
  const { text: words, complete } = await ask(model, text, [photo], { maxNewTokens: 24 });
  expect(reply).toEqual({ text: words, image: undefined, complete, notes: [] });
  expect(heard.at(-1)).toBe(words);
  for (const part of heard) expect(part).not.toContain('\uFFFD');
});

test('four turns with pictures amid them have the words of the official code, which reads each as a whole', async () => {
  const recorded = JSON.parse(await readFile('fixtures/conversation.json', 'utf8'));
  const conversation = new Conversation(model, { official: true });
  for (const { text, images, reply } of recorded.turns) {
    const pictures = await Promise.all(
      images.map(async (path: string) => decodeImage(await readFile(`${GOLDENS}/${path}`), path)),
    );
    expect(await conversation.say(turn(text, { pictures, maxNewTokens: 12 }))).toMatchObject({ text: reply });
  }
});

test('several turns are what one long read is, and each reads its own words alone', async () => {
  const conversation = new Conversation(model);
  const texts = ['What is this?', 'And how many?', 'Which colour?'];
  const replies: string[] = [];
  for (const [i, text] of texts.entries()) {
    const { text: words } = await conversation.say(turn(text, { pictures: i === 1 ? [photo] : [] }));
    replies.push(words);
  }
  const [first, ...rest] = read.filter((count) => count > 1);
  const counts = [...read];

  // The same by hand, everything read anew in each turn.
  let { ids } = await chatPrompt(model, texts[0], []);
  const image = visionPatches(photo, model.config.preprocessor);
  const wholes: number[] = [];
  for (const [i, text] of texts.entries()) {
    const shown = i === 1 ? [image.grid] : [];
    if (i > 0) ids = [...ids, ...tokenizeTurn(tokenizer, text, shown, model.config.mllm, 'words')];
    wholes.push(ids.length);
    const written = await generate(mllm, {
      ids,
      images: i > 0 ? [image] : [],
      maxNewTokens: 8,
      stopStrings: STOP_STRINGS,
      stopIds: model.config.generation.eosTokenIds,
      choose: replySampler(model),
      decode: (tokens) => tokenizer.decode(tokens),
    });
    expect(parseReply(written.text).text).toBe(replies[i]);
    ids = [...ids, ...(written.ended === 'stop' ? written.ids.slice(0, -1) : written.ids)];
  }
  expect(conversation.length).toBe(ids.length);
  expect(first).toBe(wholes[0]);
  expect(rest).toHaveLength(2);
  // What was read in all is what there is, each token once; the last token of each reply is read with the next turn.
  expect(counts.reduce((a, b) => a + b)).toBeLessThanOrEqual(ids.length);
  expect(Math.max(...rest)).toBeLessThan(wholes[2] - wholes[0]);
});

test('a reply that asks for a picture draws it, as the chat pipeline does', async () => {
  const seen: string[] = [];
  const { text, image, complete } = await new Conversation(model).say(
    turn(PROMPT, { sampling: ASKS_FOR_PICTURE, pictures: [] }),
    { onProgress: ({ type }) => seen.push(type) },
  );
  expect({ text, complete }).toEqual({ text: '', complete: true });
  const alone = await drawFromChatPrompt(model, { ...drawing, prompt: PROMPT, references: [] }, {}, 'words');
  expect(image?.data).toEqual(alone.image.data);
  expect([...new Set(seen)]).toEqual(['reading', 'denoising', 'decoding']);
});

test('the condition of a first turn is not read twice', async () => {
  await new Conversation(model).say(
    turn(PROMPT, { sampling: ASKS_FOR_PICTURE, drawing: { ...drawing, textGuidance: 1 } }),
  );
  expect(read).toHaveLength(1);
});

test('words before a picture are shown, and lead to it unless the official way is asked for', async () => {
  const said = turn(PROMPT, { sampling: ASKS_AFTER_A_WORD });
  const reply = await new Conversation(model).say(said);
  expect(reply).toMatchObject({ text: 'ing', image: { width: 64, height: 48 } });
  const official = await new Conversation(model, { official: true }).say(said);
  expect(official).toMatchObject({ text: 'ing<|img|>', image: undefined });
});

test('the official loop has no acceleration; by default it may have one', async () => {
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

test('the picture that was drawn last is what the next turn sees and edits, and is shown once', async () => {
  const conversation = new Conversation(model);
  const first = await conversation.say(turn(PROMPT, { sampling: ASKS_FOR_PICTURE }));
  const before = conversation.length;
  const second = await conversation.say(turn('Make it blue.', { sampling: ASKS_IN_SECOND_TURN }));
  if (!first.image || !second.image) throw new Error('a picture is missing');
  const { grid } = visionPatches(first.image, model.config.preprocessor);
  const added = tokenizeTurn(tokenizer, 'Make it blue.', [grid], model.config.mllm, 'words').length;
  expect(conversation.length).toBe(before + added + 1);
  const alone = await drawFromChatPrompt(
    model,
    { ...drawing, prompt: 'Make it blue.', references: [first.image] },
    {},
    'words',
  );
  expect(second.image.data).toEqual(alone.image.data);
  // The second picture is shown in the third turn, and not once more in the fourth.
  for (const shown of [[visionPatches(second.image, model.config.preprocessor).grid], []]) {
    const start = conversation.length;
    await conversation.say(turn('Which colour?', { maxNewTokens: 1 }));
    const words = tokenizeTurn(tokenizer, 'Which colour?', shown, model.config.mllm, 'words').length;
    expect(conversation.length - start - words).toBeLessThanOrEqual(1);
  }
});

test('pictures that are given take the place of the one that was drawn', async () => {
  const conversation = new Conversation(model);
  await conversation.say(turn(PROMPT, { sampling: ASKS_FOR_PICTURE }));
  const before = conversation.length;
  await conversation.say(turn('What is this?', { pictures: [photo], maxNewTokens: 1 }));
  const { grid } = visionPatches(photo, model.config.preprocessor);
  const words = tokenizeTurn(tokenizer, 'What is this?', [grid], model.config.mllm, 'words').length;
  expect(conversation.length - before - words).toBeLessThanOrEqual(1);
});

test('a picture that is looked at smaller is told with the reply, and is officially looked at as it is', async () => {
  const checkpoint = { ...model.checkpoint, trainedOn: { side: 56, promptTokens: 80 } };
  const small = new OmniGen2Model(checkpoint, nodeRuntime({ threads: 1 }), loadTokenizer);
  const said = turn('What is this?', { pictures: [photo], maxNewTokens: 1 });
  const [bounded, official] = [new Conversation(small), new Conversation(small, { official: true })];
  const notes = [
    expect.stringMatching(/^Picture 1 was looked at in .* has learnt to look at no larger ones\.$/),
  ];
  expect(await bounded.say(said)).toMatchObject({ notes });
  expect(await bounded.say(turn('Which colour?'))).toMatchObject({ notes: [] });
  expect(await official.say(said)).toMatchObject({ notes: [] });
  await small.dispose();
});

test('a turn that is stopped within a token leaves no trace', async () => {
  const conversation = new Conversation(model);
  await conversation.say(turn('What is this?'));
  const { length } = conversation;
  const controller = new AbortController();
  let heard = 0;
  const stopped = conversation.say(turn('Write a long poem.', { maxNewTokens: 50 }), {
    signal: controller.signal,
    onText: () => {
      heard++;
      controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  expect(heard).toBe(1);
  expect(conversation.length).toBe(length);

  read.length = 0;
  const again = await conversation.say(turn('And how many?'));
  const other = new Conversation(model);
  await other.say(turn('What is this?'));
  expect(await other.say(turn('And how many?'))).toEqual(again);
  // What was held before the stopped turn is not read again.
  expect(read[0]).toBeLessThan(length);
});

test('the same turn once more reads one token of it', async () => {
  const conversation = new Conversation(model);
  const stop = new AbortController();
  const said = turn('What is this?');
  await conversation
    .say(said, { signal: stop.signal, onText: () => stop.abort() })
    .catch((error) => expect(error.name).toBe('AbortError'));
  read.length = 0;
  const { text } = await conversation.say(said);
  expect(read[0]).toBe(1);
  expect(text).toBe((await new Conversation(model).say(said)).text);
});

test('a conversation that was let go goes on as if it had not been', async () => {
  const [one, other] = [new Conversation(model), new Conversation(model)];
  for (const conversation of [one, other]) {
    await conversation.say(turn('What is this?', { pictures: [photo] }));
  }
  other.release();
  expect(await other.say(turn('And how many?'))).toEqual(await one.say(turn('And how many?')));
});

test('a conversation that gets too long says so, and what was said stays', async () => {
  const { ids } = await chatPrompt(model, 'What is this?', []);
  const conversation = new Conversation(model, { maxTokens: ids.length + 4 });
  const cut = await conversation.say(turn('What is this?', { maxNewTokens: 50, sampling: byChance(1) }));
  expect(cut).toMatchObject({
    complete: false,
    notes: [
      `The reply was cut: the conversation has reached its ${ids.length + 4} tokens. Start a new one to go on.`,
    ],
  });
  const { length } = conversation;
  await expect(conversation.say(turn('And how many?'))).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(/^With this message the conversation has \d+ tokens; it can have \d+\.$/),
    action: expect.stringContaining('new conversation'),
  });
  expect(conversation.length).toBe(length);
});

test('a drawn picture too small to look at is said, and the conversation goes on without it', async () => {
  const conversation = new Conversation(model);
  const { image, notes } = await conversation.say(
    turn(PROMPT, { sampling: ASKS_FOR_PICTURE, drawing: { ...drawing, width: 16, height: 16 } }),
  );
  expect(image).toMatchObject({ width: 16, height: 16 });
  expect(notes).toEqual([expect.stringMatching(/so that the conversation goes on without it\.$/)]);
  expect(await conversation.say(turn('Which colour?'))).toMatchObject({ notes: [] });
});

test('one seed gives one conversation, and its turns different words', async () => {
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
  ['a temperature', { sampling: { temperature: -1, topP: 1, seed: 0 } }, /^The temperature -1/],
  ['a share', { sampling: { temperature: 1, topP: 1.5, seed: 0 } }, /top-p\) 1\.5/],
  ['a seed', { sampling: { temperature: 1, topP: 1, seed: -3 } }, /^The seed -3/],
  ['no tokens', { maxNewTokens: 0 }, /^An answer of at most 0 tokens/],
  ['half a token', { maxNewTokens: 1.5 }, /1\.5 tokens/],
])('%s that cannot be used is refused in words', async (_, changes, message) => {
  const conversation = new Conversation(model);
  await expect(conversation.say(turn('What is this?', changes))).rejects.toMatchObject({
    name: 'OmniError',
    code: 'bad_request',
    message: expect.stringMatching(message),
  });
  expect(conversation.length).toBe(0);
});

test('a picture that the model cannot look at is refused by its number', async () => {
  const small = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) };
  const said = new Conversation(model).say(turn('What is this?', { pictures: [photo, small] }));
  await expect(said).rejects.toMatchObject({
    code: 'bad_image',
    message: expect.stringContaining('Picture 2'),
  });
});
