import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { Judge } from '../../src/judge/judge.ts';
import { nodeRuntime } from '../../src/runtime/runtime.node.ts';
import { faultsOf, fixCase, reflectCase } from '../../src/storybook/cases/reflect.ts';
import { render } from '../../src/storybook/drawing/render.ts';
import { STOP } from '../../src/storybook/language/critique.ts';
import { request } from '../../src/storybook/language/phrases.ts';
import { Random } from '../../src/storybook/random.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { type LeftOut, type Reading, readDrawing, readsTarget } from './own-faults.ts';
import { sceneWith } from './scene-with.ts';

const SIZE = 128;
let judge: Judge;
beforeAll(async () => {
  judge = await Judge.open(
    nodeRuntime(),
    nodeFolder(fileURLToPath(new URL('../checkpoint/judge', import.meta.url))),
  );
});
afterAll(() => judge.dispose());

const cat = sceneWith({ kind: 'cat', colour: 'orange', background: 'forest', expression: 'sad', x: 64 });
const ball = sceneWith({ kind: 'ball', colour: 'red', scale: 0.9, x: 100 });
const together = (a: Scene, b: Scene): Scene => ({ ...a, things: [...a.things, ...b.things] });
const requested = request(new Random(2), cat, { expression: true });
const detect = (scene: Scene) => judge.detect({ width: SIZE, height: SIZE, data: render(scene, SIZE).rgb });

async function read(shown: Scene, wanted = cat, most = 3): Promise<Reading | LeftOut> {
  const stated = wanted === cat ? requested : request(new Random(2), wanted, { expression: true });
  return readDrawing(await detect(shown), stated, wanted, most);
}

function reading(found: Reading | LeftOut): Reading {
  if (typeof found === 'string') throw new Error(`left out: ${found}`);
  return found;
}

test('the right picture gets the stop sentence', async () => {
  const { mismatch, fixable } = reading(await read(cat));
  expect(fixable).toBe(true);
  expect(reflectCase(new Random(1), mismatch)).toMatchObject({ kind: 'stop', answer: STOP });
  expect(readsTarget(await detect(cat), requested, cat)).toBe(true);
});

test('what is wrong is said as the world says it of the exact scenes', async () => {
  const wrong: Scene[] = [
    sceneWith({ kind: 'cat', colour: 'blue', background: 'forest', expression: 'sad', x: 64 }),
    sceneWith({ kind: 'cat', colour: 'orange', background: 'beach', expression: 'happy', x: 64 }),
    sceneWith({ kind: 'fox', colour: 'orange', background: 'forest', expression: 'sad', x: 64 }),
    sceneWith({
      kind: 'cat',
      colour: 'orange',
      background: 'forest',
      expression: 'sad',
      accessory: { kind: 'hat', colour: 'blue' },
    }),
    together(
      sceneWith({ kind: 'cat', colour: 'orange', background: 'forest', expression: 'sad', x: 40 }),
      ball,
    ),
  ];
  for (const shown of wrong) {
    const { mismatch } = reading(await read(shown));
    const wanted = faultsOf(requested.stated, cat, shown).map(({ fault, fix }) => ({ fault, fix }));
    expect(wanted.length).toBeGreaterThan(0);
    expect(mismatch.critiques.map(({ fault, fix }) => ({ fault, fix }))).toEqual(wanted);
    expect(readsTarget(await detect(shown), requested, cat)).toBe(false);
  }
});

test('a fix is taught only where the wanted picture differs in nothing that the critique leaves out', async () => {
  const { mismatch, fixable } = reading(await read({ ...cat, things: [] }));
  expect(fixable).toBe(true);
  expect(fixCase(new Random(3), mismatch)).toMatchObject({ kind: 'one_fault', target: cat, mask: 'all' });
  // The words do not say that it is day.
  expect(requested.stated.some(({ about }) => about === 'time')).toBe(false);
  expect(reading(await read({ ...cat, time: 'night' }))).toMatchObject({ fixable: false });
  const beside = (x: number) =>
    together(
      sceneWith({
        kind: 'cat',
        colour: 'orange',
        background: 'forest',
        expression: 'sad',
        scale: 0.85,
        x: 26,
      }),
      sceneWith({ kind: 'ball', colour: 'red', scale: 0.85, x }),
    );
  expect(reading(await read(beside(72), beside(68)))).toMatchObject({
    mismatch: { critiques: [] },
    fixable: true,
  });
  expect(reading(await read(beside(104), beside(68)))).toMatchObject({
    mismatch: { critiques: [] },
    fixable: false,
  });
});

test('what cannot be said, or is too much, is left out', async () => {
  const twins = together(
    sceneWith({ kind: 'cat', colour: 'orange', background: 'forest', expression: 'sad', scale: 0.95, x: 34 }),
    sceneWith({ kind: 'cat', colour: 'blue', scale: 0.95, x: 94 }),
  );
  expect(await read(twins)).toBe('unsayable');
  const other = sceneWith({ kind: 'book', colour: 'red', background: 'beach', x: 64 });
  expect(reading(await read(other)).mismatch.critiques).toHaveLength(3);
  expect(await read(other, cat, 2)).toBe('too much');
});
