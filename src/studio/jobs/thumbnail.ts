import type { Picture } from '../../protocol.ts';

/**
 * The picture reduced to at most `edge` pixels on its longer side, each pixel the mean of those it covers.
 * A picture that is small enough is given back as it is.
 */
export function thumbnailOf(picture: Picture, edge: number): Picture {
  const scale = edge / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = covered(y, height, picture.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = covered(x, width, picture.width);
      data.set(mean(picture, left, top, right, bottom), 4 * (y * width + x));
    }
  }
  return { width, height, data };
}

/** The range of source pixels under target pixel `at`. */
function covered(at: number, target: number, source: number): readonly [number, number] {
  const first = Math.floor((at * source) / target);
  return [first, Math.max(first + 1, Math.floor(((at + 1) * source) / target))];
}

function mean(picture: Picture, left: number, top: number, right: number, bottom: number): readonly number[] {
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
