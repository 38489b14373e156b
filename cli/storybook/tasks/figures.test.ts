import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nodeFolder } from '../../../src/checkpoints/folder.node.ts';
import { Judge } from '../../../src/judge/judge.ts';
import { nodeRuntime } from '../../../src/runtime/runtime.node.ts';
import { sceneWith } from '../../../training/world/scene-with.ts';
import { heldoutCases, inContextCases, pictureOf } from '../cases.ts';
import type { Figure } from '../figures.ts';
import { edit } from './edit.ts';
import { identitiesKept, inContext } from './in-context.ts';
import { reflect } from './reflect.ts';
import { reflectionGain } from './reflection-gain.ts';
import { textToImage } from './text-to-image.ts';

const JUDGE = fileURLToPath(new URL('../../../training/checkpoint/judge', import.meta.url));

function valuesOf(figures: readonly Figure[]) {
  return Object.fromEntries(figures.map(({ name, value }) => [name, value.value]));
}

test('checks are counted in all, by kind and by the number of copies', () => {
  const check = (about: 'count' | 'colour', yes: boolean) => ({ about, yes });
  const figures = textToImage.figures([
    { things: 1, checks: [check('count', true), check('colour', true)], possible: [true, true] },
    { things: 3, checks: [check('count', true), check('colour', false)], possible: [true, false] },
  ]);
  expect(valuesOf(figures)).toEqual({
    'checks right': 0.75,
    'pictures with all checks right': 0.5,
    'checks right in the wanted pictures': 0.75,
    'checks of colour': 0.5,
    'checks of count': 1,
    'checks, 1 drawn': 1,
    'pictures, 1 drawn': 1,
    'checks, 3 drawn': 0.5,
    'pictures, 3 drawn': 0,
  });
});

test('an edit without a drawing counts as beyond the limit of the error', () => {
  const outcome = { kind: 'recolour', possible: true, checks: [true] };
  const figures = edit.figures([
    { ...outcome, success: true, local: true, error: 1 },
    { ...outcome, success: true, local: true, error: 4 },
    { ...outcome, success: true, local: false, error: undefined },
    { ...outcome, success: false, local: true, error: undefined },
  ]);
  expect(valuesOf(figures)).toMatchObject({
    success: 0.75,
    'error outside of the mask, grey levels': 2.5,
    'edits with an error up to 2': 1 / 3,
  });
});

test('the overall score is the mean of the geometric means of the pictures', () => {
  const figures = inContext.figures([
    { category: 'single_object', promptFollowing: 10, subjectConsistency: 0, possible: 9 },
    { category: 'single_object', promptFollowing: 4, subjectConsistency: 9, possible: 9 },
    { category: 'scene_object', promptFollowing: 10, subjectConsistency: 10, possible: 9 },
  ]);
  expect(valuesOf(figures)).toMatchObject({
    'single_object: overall': 3,
    'single_object: PF': 7,
    'scene_object: overall': 10,
    'average: overall': 6.5,
  });
});

test('an unclear reply finds no defect and is a false alarm for a right picture', () => {
  const outcome = { kind: 'one_fault', named: false, exact: false };
  const figures = reflect.figures([
    { ...outcome, faulty: true, verdict: 'fix' },
    { ...outcome, faulty: true, verdict: 'accept' },
    { ...outcome, faulty: true, verdict: 'unclear' },
    { ...outcome, faulty: true, verdict: 'fix', named: true },
    { ...outcome, faulty: false, verdict: 'unclear' },
    { ...outcome, faulty: false, verdict: 'accept' },
  ]);
  expect(valuesOf(figures)).toMatchObject({ 'defect found': 0.5, 'defect named': 0.25, 'false alarm': 0.5 });
});

test('the gain is the share of right pictures after, minus the share before', () => {
  const figures = reflectionGain.figures([
    { before: [true, false], after: [true, true], pictures: 2 },
    { before: [true, true], after: [true, true], pictures: 1 },
    { before: [true, true], after: [false, true], pictures: 3 },
    { before: [false, false], after: [true, true], pictures: 3 },
  ]);
  expect(valuesOf(figures)).toMatchObject({
    'pictures with all checks right, before': 0.5,
    'pictures with all checks right, after': 0.75,
    'gain in pictures': 0.25,
    'gain in checks, mean of the pictures': 0.25,
    'drawn again at least once': 0.75,
  });
});

test('nothing is right in a failed case', () => {
  for (const given of heldoutCases('t2i', 1, 5)) {
    const { checks } = textToImage.failed(given);
    expect(checks.length).toBe(given.requested?.length);
    expect(checks.some(({ yes }) => yes)).toBe(false);
  }
  const [given] = inContextCases(1, 1);
  expect(inContext.failed(given)).toMatchObject({ promptFollowing: 0, subjectConsistency: 0 });
});

test('an individual is kept if one detected thing matches it; no thing counts twice', async () => {
  const cat = sceneWith({
    kind: 'cat',
    colour: 'orange',
    accessory: { kind: 'hat', colour: 'blue' },
    scale: 0.95,
    x: 34,
  });
  const boat = sceneWith({ kind: 'boat', colour: 'red', scale: 0.95, x: 92 });
  const bare = sceneWith({ kind: 'cat', colour: 'orange', scale: 0.95, x: 34 });
  const scene = { ...cat, things: [...cat.things, ...boat.things] };
  const runtime = nodeRuntime();
  const judge = await Judge.open(runtime, nodeFolder(JUDGE));
  try {
    const detection = await judge.detect(pictureOf(scene));
    expect(identitiesKept(detection, scene)).toEqual([true, true]);
    expect(identitiesKept(detection, { ...scene, things: [...bare.things, ...boat.things] })).toEqual([
      false,
      true,
    ]);
    expect(identitiesKept(detection, { ...scene, things: [...cat.things, ...cat.things] })).toEqual([
      true,
      false,
    ]);
  } finally {
    await judge.dispose();
    await runtime.dispose();
  }
});
