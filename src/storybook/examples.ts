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
    id: 'cat-snow',
    prompt: 'Put the cat in the snow.',
    references: ['samples/blue-cat.png'],
    seed: 1,
    size: 128,
  },
  { id: 'bear-desert', prompt: 'a brown bear in the desert', references: [], seed: 2, size: 128 },
  {
    id: 'bunny-boat',
    prompt: 'the bunny of image 1 beside the boat of image 2, on the beach',
    references: ['samples/bunny-in-forest.png', 'samples/sailboat.png'],
    seed: 1,
    size: 128,
  },
  { id: 'apples', prompt: 'three red apples on the beach', references: [], seed: 2, size: 128 },
  {
    id: 'mushroom-night',
    prompt: 'Make it night.',
    references: ['samples/spotted-mushroom.png'],
    seed: 2,
    size: 128,
  },
  { id: 'cat-forest', prompt: 'an orange cat in the forest at sunset', references: [], seed: 1, size: 128 },
];
