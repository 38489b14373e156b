/**
 * An anti-aliased rasterizer that fills polygons by exact area coverage.
 * Coordinates are snapped to 1/256 pixel, so that the last digits of sin and cos, which differ between
 * engines, do not change the picture.
 */

import type { Path, Rgb } from './shapes.ts';

/** A flat colour, or a vertical gradient from y0 (top) to y1 (bottom). */
export type Paint =
  | Rgb
  | { readonly top: Rgb; readonly bottom: Rgb; readonly y0: number; readonly y1: number };

/** A rectangle in pixels; `x1` and `y1` are exclusive. */
export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const SNAP = 256;

/** A square picture of `size` x `size` pixels, black at first. */
export class Canvas {
  /** Row-major RGB, `size * size * 3` bytes. */
  readonly rgb: Uint8ClampedArray;
  private readonly area: Float32Array;
  private readonly cover: Float32Array;
  private clip: Float32Array | null = null;
  private spareClip: Float32Array | null = null;
  /** The bounding box of all pixels painted since the last `resetTouched`. */
  touched: Box;

  constructor(readonly size: number) {
    this.rgb = new Uint8ClampedArray(size * size * 3);
    this.area = new Float32Array((size + 2) * size);
    this.cover = new Float32Array(size * size);
    this.touched = { x0: size, y0: size, x1: 0, y1: 0 };
  }

  resetTouched(): void {
    this.touched = { x0: this.size, y0: this.size, x1: 0, y1: 0 };
  }

  /** Fills polygons given in pixels. Overlapping polygons of the same orientation form one shape. */
  fill(polygons: readonly Path[], paint: Paint, alpha = 1): void {
    const box = this.rasterize(polygons);
    if (box === null) return;
    const { size, rgb, cover, clip } = this;
    const flat = Array.isArray(paint) ? (paint as Rgb) : null;
    const ramp = flat ? null : (paint as Exclude<Paint, Rgb>);
    let r = 0,
      g = 0,
      b = 0;
    if (flat) [r, g, b] = flat;
    let tx0 = size,
      tx1 = -1,
      ty0 = size,
      ty1 = -1;
    for (let y = box.y0; y < box.y1; y++) {
      if (ramp) {
        let t = (y + 0.5 - ramp.y0) / (ramp.y1 - ramp.y0 || 1);
        t = t < 0 ? 0 : Math.min(t, 1);
        r = ramp.top[0] + (ramp.bottom[0] - ramp.top[0]) * t;
        g = ramp.top[1] + (ramp.bottom[1] - ramp.top[1]) * t;
        b = ramp.top[2] + (ramp.bottom[2] - ramp.top[2]) * t;
      }
      const row = y * size;
      for (let x = box.x0; x < box.x1; x++) {
        let c = cover[row + x] as number;
        if (c <= 0.002) continue;
        if (clip) {
          c *= clip[row + x] as number;
          if (c <= 0.002) continue;
        }
        c *= alpha;
        const o = (row + x) * 3;
        const r0 = rgb[o] as number,
          g0 = rgb[o + 1] as number,
          b0 = rgb[o + 2] as number;
        rgb[o] = r0 + (r - r0) * c;
        rgb[o + 1] = g0 + (g - g0) * c;
        rgb[o + 2] = b0 + (b - b0) * c;
        if (x < tx0) tx0 = x;
        if (x > tx1) tx1 = x;
        if (y < ty0) ty0 = y;
        if (y > ty1) ty1 = y;
      }
    }
    if (tx1 >= 0) {
      const t = this.touched;
      if (tx0 < t.x0) t.x0 = tx0;
      if (ty0 < t.y0) t.y0 = ty0;
      if (tx1 + 1 > t.x1) t.x1 = tx1 + 1;
      if (ty1 + 1 > t.y1) t.y1 = ty1 + 1;
    }
  }

  /** Limits painting to the inside of these polygons until `unclip`. */
  clipTo(polygonSets: readonly (readonly Path[])[]): void {
    const n = this.size * this.size;
    const clip = this.spareClip ?? new Float32Array(n);
    clip.fill(0);
    for (const polygons of polygonSets) {
      const box = this.rasterize(polygons);
      if (box === null) continue;
      for (let y = box.y0; y < box.y1; y++) {
        for (let x = box.x0; x < box.x1; x++) {
          const i = y * this.size + x;
          const c = this.cover[i] as number;
          if (c > (clip[i] as number)) clip[i] = c;
        }
      }
    }
    this.spareClip = clip;
    this.clip = clip;
  }

  unclip(): void {
    this.clip = null;
  }

  /**
   * Writes the polygons' coverage (0..1 per pixel) into `cover`.
   * @returns the box in which it wrote; null if the polygons lie outside of the canvas
   */
  private rasterize(polygons: readonly Path[]): Box | null {
    const size = this.size;
    let minX = Infinity,
      minY = Infinity,
      maxX = -Infinity,
      maxY = -Infinity;
    for (const p of polygons) {
      for (let i = 0; i < p.length; i += 2) {
        const x = p[i] as number,
          y = p[i + 1] as number;
        if (x < minX) minX = x;
        if (x > maxX) maxX = x;
        if (y < minY) minY = y;
        if (y > maxY) maxY = y;
      }
    }
    const x0 = Math.max(0, Math.floor(minX)),
      y0 = Math.max(0, Math.floor(minY));
    const x1 = Math.min(size, Math.ceil(maxX) + 1),
      y1 = Math.min(size, Math.ceil(maxY) + 1);
    if (!(x1 > x0 && y1 > y0)) return null;
    const stride = size + 2;
    const area = this.area;
    for (let y = y0; y < y1; y++) area.fill(0, y * stride + x0, y * stride + x1 + 2);
    for (const p of polygons) {
      const n = p.length;
      let ax = Math.round((p[n - 2] as number) * SNAP) / SNAP,
        ay = Math.round((p[n - 1] as number) * SNAP) / SNAP;
      for (let i = 0; i < n; i += 2) {
        const bx = Math.round((p[i] as number) * SNAP) / SNAP,
          by = Math.round((p[i + 1] as number) * SNAP) / SNAP;
        if (ay !== by) this.edge(ax, ay, bx, by, x0, x1, y0, y1);
        ax = bx;
        ay = by;
      }
    }
    for (let y = y0; y < y1; y++) {
      let sum = 0;
      const row = y * size,
        from = y * stride;
      for (let x = x0; x < x1; x++) {
        sum += area[from + x] as number;
        const c = sum < 0 ? -sum : sum;
        this.cover[row + x] = Math.min(c, 1);
      }
    }
    return { x0, y0, x1, y1 };
  }

  /** Adds the signed area of one edge to `area`, in the rows `top..bottom`. */
  private edge(
    ax: number,
    ay: number,
    bx: number,
    by: number,
    left: number,
    right: number,
    top: number,
    bottom: number,
  ): void {
    let sign = 1;
    if (ay > by) {
      let t = ax;
      ax = bx;
      bx = t;
      t = ay;
      ay = by;
      by = t;
      sign = -1;
    }
    if (by <= top || ay >= bottom) return;
    const slope = (bx - ax) / (by - ay);
    const stride = this.size + 2;
    const area = this.area;
    const yStart = Math.max(ay, top),
      yEnd = Math.min(by, bottom);
    for (let y = Math.floor(yStart); y < yEnd; y++) {
      const ya = Math.max(y, yStart),
        yb = Math.min(y + 1, yEnd);
      const dy = (yb - ya) * sign;
      if (dy === 0) continue;
      let xa = ax + (ya - ay) * slope,
        xb = ax + (yb - ay) * slope;
      if (xa > xb) {
        const t = xa;
        xa = xb;
        xb = t;
      }
      xa = xa < left ? left : Math.min(xa, right);
      xb = xb < left ? left : Math.min(xb, right);
      const row = y * stride;
      const ia = Math.floor(xa),
        ib = Math.floor(xb);
      if (ia === ib) {
        const mid = (xa + xb) / 2 - ia;
        area[row + ia] += dy * (1 - mid);
        area[row + ia + 1] += dy * mid;
      } else {
        const per = dy / (xb - xa);
        const first = ia + 1 - xa;
        const done = 0.5 * first * first * per;
        area[row + ia] += done;
        let reached = done;
        let height = first * per;
        for (let x = ia + 1; x < ib; x++) {
          const next = height + 0.5 * per;
          area[row + x] += next - reached;
          reached = next;
          height += per;
        }
        const last = xb - ib;
        const end = height + last * per - 0.5 * last * last * per;
        area[row + ib] += end - reached;
        area[row + ib + 1] += dy - end;
      }
    }
  }
}
