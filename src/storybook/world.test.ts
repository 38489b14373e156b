import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'vitest';
import { TASKS } from './cases/case.ts';
import { drawScene, isHeldout } from './compose.ts';
import { render } from './drawing/render.ts';
import { extent } from './edits/space.ts';
import { checks, claims, disambiguate, holds } from './language/claims.ts';
import { STOP } from './language/critique.ts';
import { request } from './language/phrases.ts';
import { mix, Random, SteadyRandom } from './random.ts';
import { drawSample } from './sample.ts';
import { countOf, type Scene, type Thing } from './scene.ts';
import { drawCase } from './tasks.ts';

describe.each([
  ['wide mix', Random],
  ['default mix', SteadyRandom],
] as const)('%s', (_, Chance) => {
  const digest = (task: (typeof TASKS)[number] | 'mix', split: 'train' | 'heldout'): string => {
    const hash = createHash('sha256');
    let first = 0;
    for (let i = 0; i < 20; i++) {
      const { sample, images } = drawSample(task, new Chance(mix(9, i)), split, 64, i, first);
      first += images.length;
      hash.update(JSON.stringify(sample));
      for (const image of images) hash.update(image);
    }
    return hash.digest('hex');
  };

  test('the same seed gives the same bytes', () => {
    assert.equal(digest('mix', 'train'), digest('mix', 'train'));
    assert.notEqual(digest('mix', 'train'), digest('mix', 'heldout'));
  });

  for (const task of ['edit', 'critique_fix'] as const) {
    test(`${task}: pixels differ inside the mask only`, () => {
      for (let i = 0; i < 150; i++) {
        const { sample, images } = drawSample(task, new Chance(mix(31, i)), 'train', 128, i, 0);
        const [before, after] = images as [Uint8ClampedArray, Uint8ClampedArray];
        assert.ok(sample.mask !== null && sample.mask.length > 0, sample.instruction ?? '');
        let inside = 0;
        for (let p = 0; p < 128 * 128; p++) {
          const x = p % 128,
            y = Math.floor(p / 128);
          const differs =
            before[p * 3] !== after[p * 3] ||
            before[p * 3 + 1] !== after[p * 3 + 1] ||
            before[p * 3 + 2] !== after[p * 3 + 2];
          if (!differs) continue;
          assert.ok(
            sample.mask.some(([x0, y0, x1, y1]) => x >= x0 && x < x1 && y >= y0 && y < y1),
            `${sample.id} ${sample.kind} ${sample.instruction} at ${x},${y}`,
          );
          inside++;
        }
        assert.ok(
          inside >= 20,
          `${sample.id} ${sample.kind} "${sample.instruction}" changes only ${inside} pixels`,
        );
      }
    });
  }

  test('training cases have no held-out combination, held-out cases always have one', () => {
    for (const task of TASKS) {
      for (let i = 0; i < 60; i++) {
        const train = drawCase(task, new Chance(mix(77, i)), 'train');
        for (const s of [...train.refs, train.scene])
          assert.ok(
            s.things.every((t) => !isHeldout(t.who)),
            task,
          );
        const held = drawCase(task, new Chance(mix(78, i)), 'heldout');
        if (held.scene.things.length > 0)
          assert.ok(
            held.scene.things.some((t) => isHeldout(t.who)),
            task,
          );
      }
    }
  });

  test('every claim about a scene holds in it and has a question', () => {
    for (let i = 0; i < 300; i++) {
      const scene = drawScene(new Chance(mix(5, i)), 'train');
      for (const claim of claims(scene)) assert.ok(holds(claim, scene), JSON.stringify(claim));
      for (const c of checks(scene)) {
        assert.ok(c.truth && /^[A-Z].*\?$/.test(c.question) && c.phrase.length > 0, JSON.stringify(c));
        assert.ok(!/undefined|null|NaN/.test(c.question + c.phrase), JSON.stringify(c));
      }
    }
  });

  test('things stand on the page and do not overlap', () => {
    for (let i = 0; i < 400; i++) {
      const scene = drawScene(new Chance(mix(6, i)), 'train');
      const ends = scene.things.map(extent).sort((a, b) => a[0] - b[0]);
      for (const [a, b] of ends) assert.ok(a > -1 && b < 129, `${a} ${b}`);
      for (let k = 0; k + 1 < ends.length; k++)
        assert.ok(ends[k]![1] <= ends[k + 1]![0] + 1, JSON.stringify(ends));
      for (const t of scene.things) assert.ok(countOf(t) >= 1 && countOf(t) <= 3);
    }
  });

  test('texts have no gaps, stray values, doubled or wrong articles', () => {
    for (const task of TASKS) {
      for (let i = 0; i < 250; i++) {
        const c = drawCase(task, new Chance(mix(55, i)), i % 3 === 0 ? 'heldout' : 'train');
        for (const text of [c.instruction, c.question, c.answer]) {
          if (text === null) continue;
          assert.ok(
            text.length > 1 &&
              !/undefined|null|NaN|\[object| {2}|,,| ,|\ba a\b|\bthe the\b|\ba (orange|alien|apple|umbrella|unhappy|amazed|angry|astonished)\b|\ban [bcdfghjklmnprstvwxz]/.test(
                text,
              ),
            text,
          );
        }
      }
    }
  });

  test('requested claims hold in the target; an edit requests something that did not hold before', () => {
    for (const task of ['t2i', 'edit', 'incontext', 'critique_fix'] as const) {
      for (let i = 0; i < 400; i++) {
        const c = drawCase(task, new Chance(mix(91, i)), 'heldout');
        const name = `${c.kind}: ${c.instruction}`;
        assert.ok(c.requested && c.requested.length > 0 && c.target, name);
        for (const claim of c.requested)
          assert.ok(holds(claim, c.target), `${name}: ${JSON.stringify(claim)}`);
        if (task === 'edit' || task === 'critique_fix')
          assert.ok(
            c.requested.some((claim) => !holds(claim, c.refs[0]!)),
            `${name}: ${JSON.stringify(c.requested)}`,
          );
      }
    }
  });

  test('a critique contains the faults that the case lists', () => {
    for (let i = 0; i < 200; i++) {
      const { answer, faults } = drawCase('reflect', new Chance(mix(92, i)), 'heldout');
      assert.equal(faults?.length === 0, answer === STOP);
      for (const fault of faults ?? []) assert.ok(answer?.includes(fault), fault);
    }
  });

  test('with two things of a kind, a stated claim is about the one for which it holds', () => {
    const scene = drawScene(new Chance(3), 'train', { things: 2, kindsDiffer: true });
    const [a, b] = scene.things as [Thing, Thing];
    b.who = { ...a.who, colour: a.who.colour === 'red' ? 'blue' : 'red' };
    a.size = 'small';
    b.size = 'big';
    const { kind } = a.who;
    const stated = [{ about: 'size', who: { kind, colour: null }, n: 1, size: 'big' }] as const;
    assert.deepEqual(disambiguate(stated, scene), [{ ...stated[0], who: { kind, colour: b.who.colour } }]);
    const gone = {
      about: 'count',
      who: { kind: kind === 'cat' ? 'boat' : 'cat', colour: null },
      n: 0,
    } as const;
    assert.deepEqual(disambiguate([gone, gone], scene), [gone]);
  });

  test('a picture of half the size shows the same', () => {
    const scene = drawScene(new Chance(3), 'train');
    const small = render(scene, 64),
      large = render(scene, 128);
    let sum = 0;
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        for (let c = 0; c < 3; c++) {
          const mean =
            [0, 1]
              .flatMap((dy) =>
                [0, 1].map((dx) => large.rgb[((y * 2 + dy) * 128 + x * 2 + dx) * 3 + c] as number),
              )
              .reduce((a, b) => a + b, 0) / 4;
          sum += Math.abs(mean - (small.rgb[(y * 64 + x) * 3 + c] as number));
        }
      }
    }
    assert.ok(sum / (64 * 64 * 3) < 2.5, String(sum / (64 * 64 * 3)));
  });

  test('every claim that a request states holds in its scene', () => {
    for (let i = 0; i < 400; i++) {
      const random = new Chance(mix(8, i));
      const scene = drawScene(random, 'train', { kindsDiffer: true });
      const { text, stated } = request(random, scene, { loose: true });
      for (const claim of stated) assert.ok(holds(claim, scene), `${text}: ${JSON.stringify(claim)}`);
    }
  });

  test('reflection stops exactly if the picture is the requested one', () => {
    let stops = 0;
    for (let i = 0; i < 400; i++) {
      const c = drawCase('reflect', new Chance(mix(12, i)), 'train');
      const same = JSON.stringify(c.refs[0]) === JSON.stringify(c.scene);
      assert.equal(c.answer === STOP, same, c.question ?? '');
      if (same) stops++;
    }
    assert.ok(stops > 100 && stops < 200, String(stops));
  });
});

/** Fails if copies overlap or leave the page, by their extents. */
function assertApart(scene: Scene, note: string): void {
  const ends = scene.things
    .flatMap((t) => t.stands.map((s) => extent({ ...t, stands: [s] })))
    .sort(([a], [b]) => a - b);
  ends.reduce((free, [left, right]) => {
    assert.ok(left >= free, `${note}: ${left} lies before ${free}`);
    return right;
  }, 0);
  assert.ok(
    ends.every(([, right]) => right <= 128),
    note,
  );
}

for (const task of ['t2i', 'edit', 'incontext', 'critique_fix'] as const) {
  test(`${task}, default mix: things stand side by side in columns of half a token, in few scales`, () => {
    const stands = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { refs, scene, kind } = drawCase(task, new SteadyRandom(mix(55, i)), 'train');
      for (const shown of [...refs, scene]) {
        assertApart(shown, `${task} ${kind} ${i}`);
        for (const { stands: at } of shown.things)
          for (const { x, y, scale } of at) {
            assert.equal(x % 8, 0, `${kind} ${i}: x ${x}`);
            stands.add(`${x} ${y} ${scale}`);
          }
      }
    }
    assert.ok(stands.size < 60, `${stands.size} stands`);
  });
}

test('the wide mix places things anywhere', () => {
  const places = new Set<number>();
  for (let i = 0; i < 200; i++)
    for (const { stands } of drawCase('t2i', new Random(mix(56, i)), 'train').scene.things)
      for (const { x } of stands) places.add(x);
  assert.ok(places.size > 150, `${places.size} places`);
});
