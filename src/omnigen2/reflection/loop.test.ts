import { expect, test } from 'vitest';
import { ACCEPTING_SENTENCE } from './critic.ts';
import { type ReflectEvent, type ReflectOptions, reflect } from './loop.ts';

/** A painter and a critic of words: pictures are strings, and critiques are said in order. */
function studio(critiques: readonly string[], rounds = 4) {
  const drawn: { instruction: string; references: readonly string[] }[] = [];
  const events: ReflectEvent<string>[] = [];
  let time = 0;
  const options: ReflectOptions<string> = {
    request: 'a red cat',
    references: ['ref'],
    rounds,
    now: () => time,
    draw: async ({ round, instruction, references }) => {
      time += 100;
      drawn.push({ instruction, references });
      return `picture ${round}`;
    },
    critique: async ({ request, onText }) => {
      expect(request).toBe('a red cat');
      time += 7;
      const text = critiques[drawn.length - 1];
      onText(text);
      return { text, complete: true };
    },
    onEvent: (event) => events.push(event),
  };
  return { options, drawn, events };
}

test('a picture that meets the request ends the loop', async () => {
  const { options, drawn } = studio([ACCEPTING_SENTENCE]);
  const { picture, rounds } = await reflect(options);
  expect(picture).toBe('picture 1');
  expect(drawn).toEqual([{ instruction: 'a red cat', references: ['ref'] }]);
  expect(rounds).toEqual([
    {
      round: 1,
      instruction: 'a red cat',
      picture: 'picture 1',
      critique: ACCEPTING_SENTENCE,
      outcome: 'accept',
      drawMs: 100,
      critiqueMs: 7,
    },
  ]);
});

test('a critique becomes the instruction on the picture it is about', async () => {
  const { options, drawn, events } = studio(['The cat is missing. Add a red cat.', ACCEPTING_SENTENCE]);
  const { picture, rounds } = await reflect(options);
  expect(picture).toBe('picture 2');
  expect(drawn[1]).toEqual({
    instruction: 'The cat is missing. Add a red cat.',
    references: ['picture 1'],
  });
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['fix', 'accept']);
  expect(events.map(({ type }) => type)).toEqual([
    ...['drawing', 'picture', 'critique', 'round'],
    ...['drawing', 'picture', 'critique', 'round'],
  ]);
});

test('the last round says that no round is left', async () => {
  const { options } = studio(['Add a hat.', 'Add a scarf.', 'Add a bow.'], 3);
  const { rounds } = await reflect(options);
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['fix', 'fix', 'out_of_rounds']);
});

test('a critic who says the same again ends the loop', async () => {
  const { options } = studio(['Add a hat.', 'Add a scarf.', 'Add a scarf.', 'Add a bow.'], 4);
  const { rounds } = await reflect(options);
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['fix', 'fix', 'repeated']);
});

test('of pictures that were all found wrong, that of which least was said is kept, the first of these', async () => {
  const two = 'There is no hat. Add a hat.';
  const kept = async (...said: string[]) => {
    const { picture, kept } = await reflect(studio(said, said.length).options);
    expect(picture).toBe(`picture ${kept}`);
    return kept;
  };
  expect(await kept('Add a hat.', two)).toBe(1);
  expect(await kept(two, 'Add a scarf.')).toBe(2);
  expect(await kept(two, 'Add a scarf.', 'Add a bow.')).toBe(2);
  expect(await kept(two, two, 'Add a bow.')).toBe(1);
});

test('a picture that is accepted is kept, and one of which the critic has nothing to say', async () => {
  for (const last of [ACCEPTING_SENTENCE, '']) {
    const { picture, kept } = await reflect(studio(['Add a hat.', last]).options);
    expect({ picture, kept }).toEqual({ picture: 'picture 2', kept: 2 });
  }
});

test('a critic who says nothing ends the loop in words', async () => {
  const { options } = studio(['']);
  const { rounds } = await reflect(options);
  expect(rounds).toMatchObject([
    { outcome: 'unclear', critique: 'The critic said nothing about this picture.' },
  ]);
});

test('one round draws and does not look', async () => {
  const { options, events } = studio([], 1);
  expect(await reflect(options)).toEqual({ picture: 'picture 1', kept: 1, rounds: [] });
  expect(events.map(({ type }) => type)).toEqual(['drawing', 'picture']);
});

test('an abort while drawing stops before the critic looks', async () => {
  const { options } = studio(['Add a hat.']);
  const controller = new AbortController();
  const stopped = reflect({
    ...options,
    signal: controller.signal,
    draw: async () => {
      controller.abort();
      return 'picture';
    },
    critique: () => expect.unreachable(),
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});

test('a failure of the painter is the failure of the loop', async () => {
  const { options } = studio([]);
  const failed = reflect({ ...options, draw: () => Promise.reject(new Error('no paint')) });
  await expect(failed).rejects.toThrow('no paint');
});
