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
    id: 'cat-evening',
    prompt: 'Make it evening.',
    references: ['samples/blue-cat.png'],
    seed: 0,
    size: 128,
  },
  {
    id: 'boat-snow',
    prompt: 'Make it snow.',
    references: ['samples/sailboat.png'],
    seed: 0,
    size: 128,
  },
  { id: 'forest-sunset', prompt: 'a forest at sunset', references: [], seed: 1, size: 128 },
  { id: 'beach', prompt: 'a yellow ball on the beach', references: [], seed: 0, size: 128 },
  {
    id: 'house-night',
    prompt: 'Make it night.',
    references: ['samples/house-in-snow.png'],
    seed: 0,
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
