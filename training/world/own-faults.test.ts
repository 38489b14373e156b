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
import { type JudgedDrawing, judgeDrawing, type LeftOut, targetPasses } from './own-faults.ts';
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
const catRequest = request(new Random(2), cat, { expression: true });
const detect = (scene: Scene) => judge.detect({ width: SIZE, height: SIZE, data: render(scene, SIZE).rgb });

async function judged(shown: Scene, wanted = cat, most = 3): Promise<JudgedDrawing | LeftOut> {
  const stated = wanted === cat ? catRequest : request(new Random(2), wanted, { expression: true });
  return judgeDrawing(await detect(shown), stated, wanted, most);
}

function notLeftOut(found: JudgedDrawing | LeftOut): JudgedDrawing {
  if (typeof found === 'string') throw new Error(`left out: ${found}`);
  return found;
}

test('the right picture gets the stop sentence', async () => {
  const { mismatch, fixable } = notLeftOut(await judged(cat));
  expect(fixable).toBe(true);
  expect(reflectCase(new Random(1), mismatch)).toMatchObject({ kind: 'stop', answer: STOP });
  expect(targetPasses(await detect(cat), catRequest, cat)).toBe(true);
});

test('faults are worded as the world words them for the exact scenes', async () => {
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
    const { mismatch } = notLeftOut(await judged(shown));
    const wanted = faultsOf(catRequest.stated, cat, shown).map(({ fault, fix }) => ({ fault, fix }));
    expect(wanted.length).toBeGreaterThan(0);
    expect(mismatch.critiques.map(({ fault, fix }) => ({ fault, fix }))).toEqual(wanted);
    expect(targetPasses(await detect(shown), catRequest, cat)).toBe(false);
  }
});

test('a drawing is fixable only if the target differs in nothing that the critique omits', async () => {
  const { mismatch, fixable } = notLeftOut(await judged({ ...cat, things: [] }));
  expect(fixable).toBe(true);
  expect(fixCase(new Random(3), mismatch)).toMatchObject({ kind: 'one_fault', target: cat, mask: 'all' });
  // The words do not state that it is day.
  expect(catRequest.stated.some(({ about }) => about === 'time')).toBe(false);
  expect(notLeftOut(await judged({ ...cat, time: 'night' }))).toMatchObject({ fixable: false });
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
  expect(notLeftOut(await judged(beside(72), beside(68)))).toMatchObject({
    mismatch: { critiques: [] },
    fixable: true,
  });
  expect(notLeftOut(await judged(beside(104), beside(68)))).toMatchObject({
    mismatch: { critiques: [] },
    fixable: false,
  });
});

test('drawings that words cannot describe or with too many faults are left out', async () => {
  const twins = together(
    sceneWith({ kind: 'cat', colour: 'orange', background: 'forest', expression: 'sad', scale: 0.95, x: 34 }),
    sceneWith({ kind: 'cat', colour: 'blue', scale: 0.95, x: 94 }),
  );
  expect(await judged(twins)).toBe('unsayable');
  const other = sceneWith({ kind: 'book', colour: 'red', background: 'beach', x: 64 });
  expect(notLeftOut(await judged(other)).mismatch.critiques).toHaveLength(3);
  expect(await judged(other, cat, 2)).toBe('too much');
});
