/**
 * Attention windows and rotary tables of the vision tower.
 *
 * Patches come in the order of merge blocks: cell by cell (a cell is merge x merge patches, row-major), with
 * cells in row-major order. Window order puts the cells of a window next to each other.
 * Source: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`, get_window_index and rot_pos_emb.
 */

import type { VisionConfig } from '../../config/config.ts';
import type { PatchGrid } from '../diffusion/patches.ts';

/** Added to the attention scores of empty slots: their weight becomes exactly 0. */
const EMPTY_SLOT_BIAS = -1e9;
/** Base of the tower's rotary frequencies. Source: Qwen2_5_VisionRotaryEmbedding.__init__ */
const ROPE_THETA = 10_000;

/** Patches in a full attention window. */
export function windowPatches({ windowSize, patchSize, spatialMergeSize }: VisionConfig): number {
  return (windowCells({ windowSize, patchSize, spatialMergeSize }) * spatialMergeSize) ** 2;
}

function windowCells({
  windowSize,
  patchSize,
  spatialMergeSize,
}: Pick<VisionConfig, 'windowSize' | 'patchSize' | 'spatialMergeSize'>): number {
  return Math.floor(Math.floor(windowSize / spatialMergeSize) / patchSize);
}

export interface WindowIndex {
  /**
   * The cell at each place of window order. Cells are row-major; numbers continue from picture to picture.
   */
  readonly cells: Int32Array;
  /** The first patch of each window; the last entry is the end. */
  readonly bounds: readonly number[];
}

/**
 * Orders the cells of one or several pictures by window. Windows at the right and bottom edges may be
 * smaller.
 */
export function windowIndex(grids: readonly PatchGrid[], config: VisionConfig): WindowIndex {
  const { spatialMergeSize: merge } = config;
  const side = windowCells(config);
  const cells: number[] = [];
  const bounds = [0];
  let first = 0;
  for (const grid of grids) {
    const rows = grid.rows / merge;
    const columns = grid.columns / merge;
    for (let top = 0; top < rows; top += side) {
      for (let left = 0; left < columns; left += side) {
        for (let row = top; row < Math.min(top + side, rows); row++) {
          for (let column = left; column < Math.min(left + side, columns); column++) {
            cells.push(first + row * columns + column);
          }
        }
        bounds.push(cells.length * merge * merge);
      }
    }
    first += rows * columns;
  }
  return { cells: Int32Array.from(cells), bounds };
}

/** The index inputs of the vision tower's graph: see `graphs/vision-tower.ts`. */
export interface VisionLayout {
  /** `[L]` */
  readonly order: Int32Array;
  /** `[L, D / 2]`, in window order. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  /** W, the number of windows. */
  readonly windows: number;
  /** `[W, S]` */
  readonly slots: Int32Array;
  /** `[W, S]` */
  readonly slotBias: Float32Array;
  /** `[L]` */
  readonly slotOf: Int32Array;
  /** `[cells]` */
  readonly restore: Int32Array;
}

/** The layout of one picture. */
export function visionLayout(grid: PatchGrid, config: VisionConfig): VisionLayout {
  const cellPatches = config.spatialMergeSize ** 2;
  const { cells, bounds } = windowIndex([grid], config);
  const length = cells.length * cellPatches;
  const order = Int32Array.from(
    { length },
    (_, place) => cells[Math.floor(place / cellPatches)] * cellPatches + (place % cellPatches),
  );
  const restore = new Int32Array(cells.length);
  for (const [place, cell] of cells.entries()) restore[cell] = place;

  const size = windowPatches(config);
  const windows = bounds.length - 1;
  const slots = new Int32Array(windows * size);
  const slotBias = new Float32Array(windows * size).fill(EMPTY_SLOT_BIAS);
  const slotOf = new Int32Array(length);
  for (let window = 0; window < windows; window++) {
    for (let place = bounds[window]; place < bounds[window + 1]; place++) {
      const slot = window * size + place - bounds[window];
      slots[slot] = place;
      slotBias[slot] = 0;
      slotOf[place] = slot;
    }
  }
  return { order, ...rotaryTables(grid, order, config), windows, slots, slotBias, slotOf, restore };
}

/**
 * The first half of each table row has the angles of rows, the second of columns; float32, as in the official
 * code.
 */
function rotaryTables(
  { columns }: PatchGrid,
  order: Int32Array,
  { spatialMergeSize: merge, headDim }: VisionConfig,
): { cos: Float32Array; sin: Float32Array } {
  const quarter = headDim / 4;
  const frequencies = Float32Array.from({ length: quarter }, (_, i) => 1 / ROPE_THETA ** (i / quarter));
  const cos = new Float32Array((order.length * headDim) / 2);
  const sin = new Float32Array(cos.length);
  const cellPatches = merge * merge;
  const cellColumns = columns / merge;
  let at = 0;
  for (const patch of order) {
    const cell = Math.floor(patch / cellPatches);
    const inCell = patch % cellPatches;
    const row = Math.floor(cell / cellColumns) * merge + Math.floor(inCell / merge);
    const column = (cell % cellColumns) * merge + (inCell % merge);
    for (const position of [row, column]) {
      for (const frequency of frequencies) {
        const angle = Math.fround(position * frequency);
        cos[at] = Math.cos(angle);
        sin[at++] = Math.sin(angle);
      }
    }
  }
  return { cos, sin };
}
