/** How much space things take on the page, in page units (0..128). */
import { floats, HOVER, type Identity, type Kind, type Place, type Size } from './scene.ts';

/** y on which feet stand, in page units from the top. */
export const GROUND_Y = 110;

/** Extent to the left and to the right of the feet at scale 1. */
export const SPAN: Readonly<Record<Kind, readonly [number, number]>> = {
  cat: [21, 25],
  bunny: [18.5, 18.5],
  bear: [20, 20],
  fox: [21, 28],
  alien: [18, 18],
  bird: [20, 26],
  frog: [22.5, 22.5],
  mouse: [24, 27],
  house: [24, 24],
  boat: [21.5, 21.5],
  ball: [16, 16],
  star: [21, 21],
  mushroom: [20.5, 20.5],
  flower: [15.5, 15.5],
  tree: [21, 21],
  cup: [16, 22],
  heart: [19, 19],
  car: [23, 23],
  balloon: [15.5, 15.5],
  cake: [21.5, 21.5],
  umbrella: [22.5, 22.5],
  book: [17, 17],
  kite: [16.5, 16.5],
  lamp: [18, 18],
  gift: [18.5, 18.5],
  apple: [17.5, 17.5],
};

/** x of the centre of a thing at each place. The wide mix varies it by up to 5. */
export const PLACE_GOAL: Readonly<Record<Place, number>> = { left: 30, middle: 64, right: 98 };

export const SCALE: Readonly<Record<Size, number>> = { small: 0.62, medium: 1.04, big: 1.44 };

/** Rounds to three decimals. */
export const round = (v: number): number => Math.round(v * 1000) / 1000;

/** Extent of an individual to the left and to the right of its feet at scale 1. */
export function reach(who: Identity): [number, number] {
  const [l, r] = SPAN[who.kind];
  return [l * who.build.width, r * who.build.width];
}

/** Height above the ground at scale 1; 48 for all other kinds. */
const TALL: Readonly<Partial<Record<Kind, number>>> = {
  bunny: 60,
  cat: 52,
  fox: 54,
  alien: 58,
  bear: 47,
  bird: 50,
  frog: 46,
  mouse: 49,
  kite: 77,
  balloon: 70,
};
/** The largest scale at which an individual fits on the page. */
export function largestScale(who: Identity): number {
  let tall = TALL[who.kind] ?? 48;
  if (who.kind === 'bunny') tall += 12 * (who.build.feature - 0.7);
  if (who.accessory?.kind === 'hat' || who.accessory?.kind === 'crown') tall = Math.max(tall, 59);
  return Math.min(1.54, 106 / (tall * who.build.height));
}

/** y of the feet of an individual on the ground; floating things are above it. */
export function standY(who: Identity, ground: number, scale: number): number {
  return floats(who.kind) ? ground - HOVER * scale * who.build.height : ground;
}
