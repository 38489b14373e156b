/** Example requests that the page offers. The built-in model draws them well. */
export interface Example {
  id: string;
  prompt: string;
  /**
   * Paths below public/ of the reference pictures ("image 1" is the first), made by
   * training/world/make-samples.ts.
   */
  references: readonly string[];
  seed: number;
  /** Side of the picture in pixels. */
  size: number;
}

/**
 * Checked with the weights in training/checkpoint/storybook (20 steps, text guidance 4, image guidance 2).
 */
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
