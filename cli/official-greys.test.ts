import { expect, test } from 'vitest';
import { officialGreys } from './official-greys.ts';

test('lowers dark levels by one, as torch and torchvision do', () => {
  const all = { width: 256, height: 1, data: Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)) };
  const changed = [...officialGreys(all).data].flatMap((grey, i) =>
    grey === all.data[i] ? [] : [[all.data[i], grey]],
  );
  // Recorded with torch 2: to_tensor(x) * 2 - 1, * 0.5 + 0.5, to_pil_image.
  const recorded = Array.from({ length: 63 }, (_, i) => [i + 1, i]);
  expect(changed).toEqual(recorded.flatMap((pair) => [pair, pair, pair]));
});
