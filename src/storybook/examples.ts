/** Requests that the built-in model fulfils well; the page offers them to start with. */
export interface Example {
  id: string;
  prompt: string;
  /** Pictures served below public/, drawn by training/world/make-samples.ts; "image 1" is the first. */
  references: readonly string[];
  seed: number;
  /** Side in pixels. */
  size: number;
}

/** Checked by drawing them with the weights in training/checkpoint/storybook (20 steps, text 4, image 2). */
export const EXAMPLES: readonly Example[] = [
  {
    id: 'fox-snow',
    prompt: 'Put it in the snow.',
    references: ['samples/fox-at-night.png'],
    seed: 2,
    size: 128,
  },
  {
    id: 'cat-evening',
    prompt: 'Make it evening.',
    references: ['samples/blue-cat.png'],
    seed: 0,
    size: 128,
  },
  {
    id: 'bunny-pencil',
    prompt: 'Make it a pencil drawing.',
    references: ['samples/bunny-in-forest.png'],
    seed: 2,
    size: 128,
  },
  { id: 'meadow-sunset', prompt: 'a meadow at sunset', references: [], seed: 3, size: 128 },
  {
    id: 'mushroom-rain',
    prompt: 'Make it rain.',
    references: ['samples/spotted-mushroom.png'],
    seed: 2,
    size: 128,
  },
  {
    id: 'frog-meadow',
    prompt: 'Put it in the meadow.',
    references: ['samples/frog-on-beach.png'],
    seed: 0,
    size: 128,
  },
];
