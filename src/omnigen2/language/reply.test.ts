import { expect, test } from 'vitest';
import { fixtureCase } from '../fixtures.node.ts';
import { parseReply } from './reply.ts';

test('recorded texts have the recorded replies in official mode', async () => {
  const { expected } = await fixtureCase('chat_routing');
  const rows = expected.rows as { generated: string; text: string; draws: boolean }[];
  expect(rows.length).toBeGreaterThan(10);
  for (const { generated, text, draws } of rows) {
    expect({ generated, ...parseReply(generated, true) }).toEqual({ generated, text, draws });
  }
});

test.each([
  ['<|img|>', '', true],
  [' <|img|>', '', true],
  ['Sure! <|img|>', 'Sure!', true],
  ['<|img|><|im_end|>', '', true],
  ['It is a cat.<|im_end|>', 'It is a cat.', false],
  ['  It is\n\na cat. <|endoftext|>', 'It is\n\na cat.', false],
  ['An <img> of <b>', 'An <img> of <b>', false],
  ['', '', false],
  ['a cat \uFFFD\uFFFD', 'a cat', false],
])('the reply to %j', (generated, text, draws) => {
  expect(parseReply(generated)).toEqual({ text, draws });
});
