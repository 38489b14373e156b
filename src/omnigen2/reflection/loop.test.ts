import { expect, test } from 'vitest';
import { ACCEPTING_SENTENCE } from './critic.ts';
import { type ReflectEvent, type ReflectOptions, reflect } from './loop.ts';

/** A fake model: pictures are strings, and each picture gets the next critique. */
function fakeModel(critiques: readonly string[], rounds = 4) {
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
  const { options, drawn } = fakeModel([ACCEPTING_SENTENCE]);
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

test('a critique is the instruction of the next round, with its picture as reference', async () => {
  const { options, drawn, events } = fakeModel(['The cat is missing. Add a red cat.', ACCEPTING_SENTENCE]);
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

test('the last round is out of rounds', async () => {
  const { options } = fakeModel(['Add a hat.', 'Add a scarf.', 'Add a bow.'], 3);
  const { rounds } = await reflect(options);
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['fix', 'fix', 'out_of_rounds']);
});

test('a repeated critique ends the loop', async () => {
  const { options } = fakeModel(['Add a hat.', 'Add a scarf.', 'Add a scarf.', 'Add a bow.'], 4);
  const { rounds } = await reflect(options);
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['fix', 'fix', 'repeated']);
});

test('without an accepted picture, the result is the first one with the shortest critique', async () => {
  const two = 'There is no hat. Add a hat.';
  const best = async (...critiques: string[]) => {
    const { picture, pictureRound } = await reflect(fakeModel(critiques, critiques.length).options);
    expect(picture).toBe(`picture ${pictureRound}`);
    return pictureRound;
  };
  expect(await best('Add a hat.', two)).toBe(1);
  expect(await best(two, 'Add a scarf.')).toBe(2);
  expect(await best(two, 'Add a scarf.', 'Add a bow.')).toBe(2);
  expect(await best(two, two, 'Add a bow.')).toBe(1);
});

test('the result is the last picture if it is accepted or its critique is unclear', async () => {
  for (const last of [ACCEPTING_SENTENCE, '']) {
    const { picture, pictureRound } = await reflect(fakeModel(['Add a hat.', last]).options);
    expect({ picture, pictureRound }).toEqual({ picture: 'picture 2', pictureRound: 2 });
  }
});

test('an empty critique ends the loop with an explanation', async () => {
  const { options } = fakeModel(['']);
  const { rounds } = await reflect(options);
  expect(rounds).toMatchObject([
    { outcome: 'unclear', critique: 'The critic said nothing about this picture.' },
  ]);
});

test('one round draws without a critique', async () => {
  const { options, events } = fakeModel([], 1);
  expect(await reflect(options)).toEqual({ picture: 'picture 1', pictureRound: 1, rounds: [] });
  expect(events.map(({ type }) => type)).toEqual(['drawing', 'picture']);
});

test('an abort during drawing stops before the critique', async () => {
  const { options } = fakeModel(['Add a hat.']);
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

test('an error of the drawing is the error of the loop', async () => {
  const { options } = fakeModel([]);
  const failed = reflect({ ...options, draw: () => Promise.reject(new Error('no memory')) });
  await expect(failed).rejects.toThrow('no memory');
});
