import { describe, expect, it } from 'vitest';
import { officialReply } from './official-reply.ts';
import { parseReply } from './reply.ts';

describe('parseReply', () => {
  it.each<[string, number, string]>([
    ['{"score": 7, "reasoning": "ok"}', 7, 'ok'],
    ['Sure:\n```json\n{\n "score": 3,\n "reasoning": "line one\nline two"\n}\n```', 3, 'line one line two'],
    ['8', 8, ''],
    [' 9 ', 9, ''],
    ['８', 8, ''],
    ['6.5', 6.5, ''],
    ['7/10', 7, ''],
    ['Score: 7 out of 10', 7, ''],
    ['**Score**: 10', 10, ''],
    ['The score is 4.', 4, ''],
    ['{"score": "5", "reasoning": "quoted"}', 5, 'quoted'],
    ['{"score": "5/10", "reasoning": "quoted"}', 5, 'quoted'],
    ['{"score": [2], "reasoning": "list"}', 2, 'list'],
    ['{"score": ["4", 6], "reasoning": "lists"}', 4, 'lists'],
    ['[6, 0]', 0, ''],
    ["['6']", 6, ''],
    ['{score: 5, reasoning: fine}', 5, 'fine'],
    ["{'score': 5, 'reasoning': 'it\\'s fine'}", 5, "it\\'s fine"],
    ['{"score": 4.5, "reasoning": "half"}', 4.5, 'half'],
    ['{"score": 1, "reasoning": "a"} trailing {"x": 2}', 1, 'a'],
    ['{"x": 2} and {"score": 0, "reasoning": "a {brace}"}', 0, 'a {brace}'],
    ['{not json} {"score": 6, "reasoning": "\\"said\\""}', 6, '"said"'],
    ['{"score": 6, "reasoning": "cut o', 6, 'cut o'],
    ['{"score": 6}', 6, ''],
  ])('parses %j', (text, score, reasoning) => {
    expect(parseReply(text)).toEqual({ score, reasoning });
  });

  it.each([
    '',
    '11',
    '-1',
    'no json at all',
    'rate_limit_exceeded',
    '{"score": 11}',
    '{"score": null, "reasoning": "none"}',
    '[]',
    '[3, 12]',
    '{"score": []}',
    'I saw 3 cats and 2 dogs.',
    'Score: 100',
    'Score: 3.7.1',
    '{',
    '}{',
  ])('finds no score in %j', (text) => {
    expect(parseReply(text)).toBeUndefined();
  });
});

describe('officialReply', () => {
  it.each<[string, unknown]>([
    ['{"score": "5", "reasoning": "x"}', { score: '5', reasoning: 'x' }],
    ['{score: -5.5, reasoning: a, ok: TRUE}', undefined],
    ['{score: 5, ok: true}', { score: [5], ok: true }],
    ['x {"a": 1\n, "b": "c\nd"} y', { a: 1, b: 'cd' }],
    ['1_0', { score: 10, reasoning: 'System: output is simply a number' }],
    ['-0', { score: 0, reasoning: 'System: output is simply a number' }],
    ['-1', undefined],
    ['}{', undefined],
    ['[6, 0]', undefined],
    ['} {', undefined],
    ['', undefined],
  ])('parses %j as the official code does', (text, value) => {
    const reply = officialReply(text);
    expect(reply.status === 'ok' ? reply.value : undefined).toEqual(value);
  });

  it('returns the name of the error that the official code raises', () => {
    expect(officialReply('[6, 0]').status).toBe('Exception');
    expect(officialReply('}{').status).toBe('Exception');
    expect(officialReply('} {').status).toBe('JSONDecodeError');
  });
});
