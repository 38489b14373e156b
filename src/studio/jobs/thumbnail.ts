import type { Picture } from '../../protocol.ts';

/**
 * Shrinks a picture to at most `side` pixels on its longer side. Each pixel is the mean of the pixels it
 * covers. Returns a smaller picture unchanged.
 */
export function thumbnailOf(picture: Picture, side: number): Picture {
  const scale = side / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = sourceRange(y, height, picture.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = sourceRange(x, width, picture.width);
      data.set(meanPixel(picture, left, top, right, bottom), 4 * (y * width + x));
    }
  }
  return { width, height, data };
}

/** The half-open range of source pixels that target pixel `at` covers. */
function sourceRange(at: number, target: number, source: number): readonly [number, number] {
  const first = Math.floor((at * source) / target);
  return [first, Math.max(first + 1, Math.floor(((at + 1) * source) / target))];
}

/** Mean RGBA of a rectangle of the picture. */
function meanPixel(
  picture: Picture,
  left: number,
  top: number,
  right: number,
  bottom: number,
): readonly number[] {
  const sum = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      for (let channel = 0; channel < 4; channel++) {
        sum[channel]! += picture.data[4 * (y * picture.width + x) + channel]!;
      }
    }
  }
  const count = (right - left) * (bottom - top);
  return sum.map((value) => value / count);
}
