/** Undoes the row filters of PNG. Source: PNG specification (Third Edition), 9.2 */

/**
 * Undoes the filter of one row in place.
 * @param at offset of the row's filter byte, which `length` bytes of pixels follow
 * @param above offset of the unfiltered pixels of the row above; undefined for the first row of a pass
 * @param step bytes per pixel, at least 1
 * @returns false if the filter type does not exist
 */
export function unfilterRow(
  bytes: Uint8Array,
  at: number,
  length: number,
  above: number | undefined,
  step: number,
): boolean {
  const start = at + 1;
  const end = start + length;
  // Distance from a byte to the one above it. 0 without a row above, which counts as zeros.
  const up = above === undefined ? 0 : start - above;
  switch (bytes[at]) {
    case 0:
      return true;
    case 1:
      for (let i = start + step; i < end; i++) bytes[i] += bytes[i - step];
      return true;
    case 2:
      if (up > 0) for (let i = start; i < end; i++) bytes[i] += bytes[i - up];
      return true;
    case 3:
      for (let i = start; i < end; i++) {
        const left = i - step < start ? 0 : bytes[i - step];
        bytes[i] += (left + (up > 0 ? bytes[i - up] : 0)) >> 1;
      }
      return true;
    case 4:
      for (let i = start; i < end; i++) {
        const first = i - step < start;
        const left = first ? 0 : bytes[i - step];
        const over = up > 0 ? bytes[i - up] : 0;
        bytes[i] += paeth(left, over, first || up === 0 ? 0 : bytes[i - up - step]);
      }
      return true;
    default:
      return false;
  }
}

/** The Paeth predictor: of the three neighbours, the one nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
