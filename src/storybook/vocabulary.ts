/** The vocabulary of the world: the words from which the built-in model has learned to draw. */
import { listed } from '../listed.ts';
import {
  ACCESSORIES,
  BACKGROUNDS,
  COLOURS,
  CREATURES,
  EXPRESSIONS,
  OBJECTS,
  TIMES,
  WEATHERS,
} from './scene.ts';

/** Every word of the world's requests, instructions and critiques. A test compares the list with them. */
export const REQUEST_WORDS: ReadonlySet<string> = new Set(
  `
  a add alien aliens all also amazed among an and angry another apple apples are as asked at away background
  ball balloon balloons balls be beach bear bears beside between big bigger bird birds black blue boat boats
  book books bottom bow bows brown bunnies bunny but by cake cakes can car cars cat cats centre change cheerful
  city collage colour cosy cottage cottages cross crown crowns cry crying cup cups cut day daylight daytime
  delete desert dots draw drawing drawn dry enlarge enough erase evening everything exchange extract fall
  falling field first flower flowers for forest fox foxes frog frogs from front gift gifts give glasses glowing
  grass gray green grumpy happy has hat hats have heart hearts home hot house houses huge i image in indoors
  inside into is it kite kites lamp lamps large larger left let like little look looks made make me meadow mice
  middle missing moon more mountains mouse move much mug mugs mushroom mushrooms neon next night no none not
  nothing now of off on one only orange out page paint paper pencil picture pink place places plain please
  present presents purple put rabbit rabbits rain raining rains rainy red redraw remove replace right room sad
  sailboat sailboats same sandy scarf scarves scene sea second see should show shown shrink side sign sketch sky
  sleep sleeping sleepy small smaller smile smiling snow snowing snows snowy spots star stars stop storybook
  street stripes style sunny sunset surprised swap take teddy the them there they third this three tiny tired to
  too town tree trees turn two umbrella umbrellas under unhappy want was water wear wearing wears were while
  white with woods would yellow you
`
    .trim()
    .split(/\s+/),
);

/** Words outside of the vocabulary that do not change a picture. */
const IDLE = new Set(
  'that its your my his her their our some any very really just also will could be been being he she we or if so here then picture'.split(
    ' ',
  ),
);

/**
 * The words of a request that are not in the vocabulary, each once, as they are written. The last word may be
 * incomplete: it counts once a character follows it, or once no known word begins with it.
 *
 * @example
 * unknownWords('a dog in the snow.'); // ['dog']
 */
export function unknownWords(request: string): string[] {
  const found = new Map<string, string>();
  for (const { 0: word, index } of request.matchAll(/\p{L}[\p{L}\p{M}'’-]*/gu)) {
    const plain = word.toLowerCase().replace(/['’]s$/, '');
    if (plain.split('-').every((part) => part === '' || isKnown(part))) continue;
    const isLast = index + word.length === request.length;
    if (isLast && [...REQUEST_WORDS].some((known) => known.startsWith(plain))) continue;
    if (!found.has(plain)) found.set(plain, word);
  }
  return [...found.values()];
}

const isKnown = (word: string): boolean => REQUEST_WORDS.has(word) || IDLE.has(word);

/** Words as a sentence lists them: `“dog”, “cow” and “Paris”`, or the first `most` of them `and 3 more`. */
export function quotedList(words: readonly string[], most = 4): string {
  const shown = words.slice(0, most).map((word) => `“${word}”`);
  if (words.length > most) return `${shown.join(', ')} and ${words.length - most} more`;
  return listed(shown);
}

/** Everything that a picture of the world can show, by group, for display. */
export const CONTENTS: readonly { readonly group: string; readonly names: readonly string[] }[] = [
  { group: 'Animals', names: CREATURES },
  { group: 'Things', names: OBJECTS },
  { group: 'Colours', names: [...COLOURS, 'striped', 'spotted'] },
  { group: 'To wear', names: ACCESSORIES },
  { group: 'Faces', names: EXPRESSIONS },
  { group: 'Places', names: BACKGROUNDS },
  { group: 'Light and weather', names: [...TIMES, ...WEATHERS.filter((weather) => weather !== 'none')] },
  { group: 'Styles', names: ['storybook', 'pencil sketch', 'neon', 'paper cut-out'] },
];
