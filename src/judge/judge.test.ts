import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ABOUTS, drawPair } from '../../cli/judge/pairs.ts';
import { sceneWith } from '../../training/world/scene-with.ts';
import { nodeFolder } from '../checkpoints/folder.node.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { readTensors, toFloat32 } from '../checkpoints/safetensors.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { drawScene } from '../storybook/compose.ts';
import { render } from '../storybook/drawing/render.ts';
import { mix, Random } from '../storybook/random.ts';
import type { Scene } from '../storybook/scene.ts';
import { describeThing } from './detection.ts';
import { Judge, type JudgedPicture } from './judge.ts';
import { judgeRequest } from './request.ts';
import { sameIdentity, verdict } from './verdict.ts';

const FOLDER = fileURLToPath(new URL('../../training/checkpoint/judge', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../../fixtures/judge.safetensors', import.meta.url));
const SIZE = 128;
let judge: Judge;

beforeAll(async () => {
  judge = await Judge.open(nodeRuntime(), nodeFolder(FOLDER));
});
afterAll(() => judge.dispose());

function pictureOf(scene: Scene): JudgedPicture {
  const { size, rgb } = render(scene, SIZE);
  return { width: size, height: size, data: rgb };
}

test('the graph gives the same values as the trained network in PyTorch', async () => {
  const tensors = readTensors(await readFile(FIXTURE), 'judge.safetensors');
  const values = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`the fixture has no ${name}`);
    return tensor;
  };
  const { bytes, shape } = values('pictures');
  for (let i = 0; i < shape[0]; i++) {
    const data = bytes.slice((i * bytes.length) / shape[0], ((i + 1) * bytes.length) / shape[0]);
    const got = await judge.outputs({ width: SIZE, height: SIZE, data });
    for (const name of ['stands', 'page'] as const) {
      const all = toFloat32(values(name).bytes, 'F32');
      const wanted = all.subarray((i * all.length) / shape[0], ((i + 1) * all.length) / shape[0]);
      expect(got[name].length).toBe(wanted.length);
      const worst = wanted.reduce((most, value, k) => Math.max(most, Math.abs(value - got[name][k])), 0);
      expect(worst).toBeLessThan(1e-3);
    }
  }
});

for (const about of ABOUTS) {
  test(`${about}: the verdict is yes for the right picture, no for one that differs by one change`, async () => {
    for (let i = 0; i < 3; i++) {
      const { claim, right, wrong } = drawPair(about, 1, i);
      const what = JSON.stringify(claim);
      expect(verdict(claim, await judge.detect(pictureOf(right))).yes, `${what} holds`).toBe(true);
      expect(verdict(claim, await judge.detect(pictureOf(wrong))).yes, `${what} does not`).toBe(false);
    }
  });
}

test('things are detected at their positions, as the right individuals', async () => {
  const apart = [
    sceneWith({
      kind: 'bunny',
      colour: 'pink',
      accessory: { kind: 'scarf', colour: 'yellow' },
      scale: 0.85,
      x: 24,
    }),
    sceneWith({ kind: 'heart', colour: 'red', scale: 0.85, x: 64 }),
    sceneWith({
      kind: 'frog',
      colour: 'green',
      accessory: { kind: 'crown', colour: 'blue' },
      scale: 0.85,
      x: 103,
    }),
  ];
  const scene = { ...apart[0], things: apart.flatMap(({ things }) => things) };
  const { things } = await judge.detect(pictureOf(scene));
  expect(things.map(describeThing)).toHaveLength(3);
  for (const [i, { who, stands }] of scene.things.entries()) {
    expect(Math.abs(things[i].stands[0].x - stands[0].x)).toBeLessThan(3);
    expect(sameIdentity(things[i], who).yes).toBe(true);
    const colour = who.colour === 'blue' ? 'red' : 'blue';
    expect(sameIdentity(things[i], { ...who, colour }).yes).toBe(false);
  }
});

test('a request is scored by its checks', async () => {
  const scene = sceneWith({
    kind: 'cat',
    colour: 'orange',
    accessory: { kind: 'hat', colour: 'blue' },
    expression: 'sad',
    background: 'forest',
  });
  const right = await judgeRequest(judge, pictureOf(scene), scene);
  expect(right).toMatchObject({ right: right.total });
  expect(right.checks.every(({ question }) => question.endsWith('?'))).toBe(true);
  const other: Scene = { ...scene, style: 'sketch' };
  const missed = await judgeRequest(judge, pictureOf(other), scene);
  expect(missed.checks.filter(({ yes }) => !yes).map(({ claim }) => claim.about)).toEqual(['style']);
  expect(missed.right).toBe(missed.total - 1);
  const [claim] = right.checks;
  expect(await judgeRequest(judge, pictureOf(scene), [claim.claim])).toMatchObject({ right: 1, total: 1 });
});

test('neither claim holds for copies that disagree', async () => {
  const bare = sceneWith({ kind: 'cat', colour: 'orange', scale: 0.95, x: 34 });
  const dressed = sceneWith({
    kind: 'cat',
    colour: 'orange',
    accessory: { kind: 'hat', colour: 'blue' },
    scale: 0.95,
    x: 92,
  });
  const scene = { ...bare, things: [...bare.things, ...dressed.things] };
  const detection = await judge.detect(pictureOf(scene));
  const who = { kind: 'cat', colour: null } as const;
  expect(verdict({ about: 'count', who, n: 2 }, detection).yes).toBe(true);
  expect(verdict({ about: 'count', who, n: 1 }, detection).yes).toBe(false);
  expect(verdict({ about: 'colour', who, n: 2, colour: 'orange' }, detection).yes).toBe(true);
  const worn = { kind: 'hat', colour: 'blue' } as const;
  expect(verdict({ about: 'accessory', who, n: 2, accessory: worn }, detection).yes).toBe(false);
  expect(verdict({ about: 'accessory', who, n: 2, accessory: null }, detection).yes).toBe(false);
});

test('nothing is detected in noise', async () => {
  const random = new Random(3);
  const noise = Uint8Array.from({ length: 3 * SIZE * SIZE }, () => random.whole(0, 255));
  expect((await judge.detect({ width: SIZE, height: SIZE, data: noise })).things).toEqual([]);
});

test('four in five things of two blended pictures are not detected', async () => {
  let present = 0,
    detected = 0;
  for (let i = 0; i < 60; i++) {
    const scenes = [1, 2].map((k) => drawScene(new Random(mix(i, k)), 'heldout'));
    const [a, b] = scenes.map((scene) => pictureOf(scene).data);
    const blended = Uint8Array.from(a, (value, k) => (value + b[k]) / 2);
    present += scenes.flatMap(({ things }) => things.flatMap(({ stands }) => stands)).length;
    const { things } = await judge.detect({ width: SIZE, height: SIZE, data: blended });
    detected += things.flatMap(({ stands }) => stands).length;
  }
  expect(detected / present).toBeLessThan(1 / 5);
});

test('verdicts on claims of edits: a thing is gone, the background is blank', async () => {
  const cat = sceneWith({ kind: 'cat', colour: 'orange' });
  const boat = sceneWith({ kind: 'boat', colour: 'red' });
  const none = { about: 'count', who: { kind: 'cat', colour: null }, n: 0 } as const;
  const coloured = { ...none, who: { kind: 'cat', colour: 'orange' } } as const;
  const blank = { about: 'background', background: 'blank' } as const;
  const [withCat, withBoat] = [await judge.detect(pictureOf(cat)), await judge.detect(pictureOf(boat))];
  for (const claim of [none, coloured]) {
    expect(verdict(claim, withCat).yes).toBe(false);
    expect(verdict(claim, withBoat).yes).toBe(true);
  }
  expect(verdict(blank, withCat).yes).toBe(false);
  expect(verdict(blank, await judge.detect(pictureOf({ ...cat, background: 'blank' }))).yes).toBe(true);
});

test('a picture of another size and a folder of another format are rejected with a message', async () => {
  const small = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64) };
  await expect(judge.detect(small)).rejects.toMatchObject({ code: 'bad_image' });
  const config = new TextEncoder().encode('{"format": "storybook-judge", "version": 2}');
  const folder = memoryFolder('other', new Map([['config.json', config]]));
  await expect(Judge.open(nodeRuntime(), folder)).rejects.toMatchObject({
    code: 'bad_checkpoint',
    message: expect.stringContaining('version 2'),
  });
});
