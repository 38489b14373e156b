/** Edits of the whole page: background, time, weather, style, and cutting a thing out. */

import { drawWeatherFor } from '../compose.ts';
import { BACKGROUND_NOUN, BACKGROUND_WORDS, STYLE_NAMES } from '../language/words.ts';
import { BACKGROUNDS, cloneScene, countOf, STYLES, type Thing, TIMES, WEATHERS } from '../scene.ts';
import type { EditMaker } from './edit.ts';
import { goneFrom } from './words.ts';

export const changeBackground: EditMaker = ({ random, scene, makeChange, fullName }) => {
  const after = cloneScene(scene);
  after.background = random.pick(BACKGROUNDS.filter((b) => b !== scene.background));
  if (after.background === 'sea') after.time = 'day';
  if (after.background === 'sea' || after.background === 'room') after.weather = 'none';
  if (scene.background === 'room' && random.chance(0.3))
    after.weather = drawWeatherFor(random, after.background);
  const all = scene.things.length === 1 ? fullName(0) : random.pick(['everything', 'it all', 'them']);
  const words = random.pick(BACKGROUND_WORDS[after.background]),
    place = random.pick(BACKGROUND_NOUN[after.background]);
  const extra =
    after.weather !== scene.weather && after.weather !== 'none'
      ? after.weather === 'snow'
        ? ' and let it snow'
        : ' and let it rain'
      : '';
  return makeChange(
    after,
    random.pick([
      `change the background to ${place}`,
      `put ${all} ${words}`,
      `put ${all} ${words}`,
      `replace the background with ${place}`,
      `the background should be ${place}`,
      `show ${all} ${words}`,
    ]) + extra,
    [
      { about: 'background', background: after.background },
      ...(extra === '' ? [] : [{ about: 'weather', weather: after.weather } as const]),
    ],
    { whole: true },
  );
};

export const changeTime: EditMaker = ({ random, scene, makeChange }) => {
  if (scene.background === 'sea' || scene.background === 'blank') return null;
  const after = cloneScene(scene);
  after.time = random.pick(TIMES.filter((t) => t !== scene.time));
  const words = {
    night: ['make it night', 'turn it into night', 'it should be night', 'show it at night'],
    day: ['make it day', 'turn it into day', 'it should be day', 'show it by day'],
    sunset: ['make it sunset', 'make it evening', 'it should be sunset', 'show it at sunset'],
  }[after.time];
  return makeChange(after, random.pick(words), [{ about: 'time', time: after.time }], { whole: true });
};

export const changeWeather: EditMaker = ({ random, scene, makeChange }) => {
  if (scene.background === 'sea' || scene.background === 'room' || scene.background === 'blank') return null;
  const after = cloneScene(scene);
  after.weather = random.pick(WEATHERS.filter((w) => w !== scene.weather));
  const words = {
    snow: ['let it snow', 'make it snow', 'let snow fall', 'add falling snow', 'it should snow'],
    rain: ['let it rain', 'make it rain', 'add rain', 'it should rain'],
    none:
      scene.weather === 'snow'
        ? ['stop the snow', 'remove the falling snow', 'no more snow from the sky']
        : ['stop the rain', 'remove the rain', 'no more rain'],
  }[after.weather];
  return makeChange(after, random.pick(words), [{ about: 'weather', weather: after.weather }], {
    whole: true,
  });
};

export const restyle: EditMaker = ({ random, scene, makeChange }) => {
  const after = cloneScene(scene);
  after.style = random.pick(STYLES.filter((s) => s !== scene.style));
  const n = random.pick(STYLE_NAMES[after.style]);
  const short = {
    storybook: ['make it look like a storybook'],
    sketch: ['redraw it in pencil', 'draw it in pencil'],
    neon: ['make it neon', 'redraw it in neon'],
    paper: ['make it of cut paper', 'redraw it in cut paper'],
  }[after.style];
  return makeChange(
    after,
    random.pick([`turn this into ${n}`, `make it ${n}`, `redraw it as ${n}`, `show it as ${n}`, ...short]),
    [{ about: 'style', style: after.style }],
    { whole: true },
  );
};

export const extract: EditMaker = ({ random, scene, pickThing, makeChange, fullName, subjectOf }) => {
  if (scene.style === 'neon') return null;
  const i = pickThing(() => true)!;
  const after = cloneScene(scene);
  after.things = [after.things[i] as Thing];
  after.background = 'blank';
  after.time = 'day';
  after.weather = 'none';
  const n = fullName(i);
  return makeChange(
    after,
    random.pick([
      `extract ${n}`,
      `extract ${n} on a white background`,
      `cut out ${n}`,
      `show only ${n} on a white background`,
      `cut out ${n} and put ${countOf(after.things[0] as Thing) === 1 ? 'it' : 'them'} on white`,
      ...(scene.things.length === 1 ? ['remove the background'] : []),
    ]),
    [
      { about: 'background', background: 'blank' },
      { about: 'count', ...subjectOf(after, 0) },
      ...scene.things.flatMap((t, k) => (k === i ? [] : goneFrom(after, scene, t))),
    ],
    { whole: true },
  );
};
