/**
 * A small anti-aliased rasterizer: polygons by exact area coverage into an RGB buffer.
 * Every coordinate is snapped to 1/256 pixel, so that tiny differences in sin/cos between
 * machines do not change the picture.
 */
export type Rgb = readonly [number, number, number];
/** A closed polygon (or an open polyline): x0, y0, x1, y1, … */
export type Path = readonly number[];

/** A flat colour, or a vertical gradient from y0 (top) to y1 (bottom). */
export type Paint =
  | Rgb
  | { readonly top: Rgb; readonly bottom: Rgb; readonly y0: number; readonly y1: number };

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const SNAP = 256;

export class Canvas {
  readonly rgb: Uint8ClampedArray;
  private readonly area: Float32Array;
  private readonly cover: Float32Array;
  private clip: Float32Array | null = null;
  private spareClip: Float32Array | null = null;
  /** Pixels touched since the last `resetTouched`. */
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

  /** Fills polygons (in pixels); overlapping ones of one orientation join. */
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

  /** Only what lies inside these polygons is painted until `unclip`. */
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

  /** Coverage of the polygons into `cover`; gives the box that holds them. */
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
        let done = 0.5 * first * first * per;
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
        done = 0;
      }
    }
  }
}

/* ---- shapes -------------------------------------------------------------------------- */

export function ellipse(cx: number, cy: number, rx: number, ry: number, turn = 0, steps = 0): number[] {
  const n = steps || Math.max(12, Math.min(56, Math.round(7 + Math.sqrt(Math.max(rx, ry)) * 8)));
  const out: number[] = [];
  const c = Math.cos(turn),
    s = Math.sin(turn);
  for (let i = 0; i < n; i++) {
    const t = (i / n) * Math.PI * 2;
    const x = Math.cos(t) * rx,
      y = Math.sin(t) * ry;
    out.push(cx + x * c - y * s, cy + x * s + y * c);
  }
  return out;
}

export function box(x0: number, y0: number, x1: number, y1: number): number[] {
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}

export function roundBox(x0: number, y0: number, x1: number, y1: number, r: number): number[] {
  r = Math.min(r, (x1 - x0) / 2, (y1 - y0) / 2);
  const out: number[] = [];
  const corner = (cx: number, cy: number, from: number) => {
    for (let i = 0; i <= 5; i++) {
      const t = ((from + i * 18) * Math.PI) / 180;
      out.push(cx + Math.cos(t) * r, cy + Math.sin(t) * r);
    }
  };
  corner(x1 - r, y0 + r, -90);
  corner(x1 - r, y1 - r, 0);
  corner(x0 + r, y1 - r, 90);
  corner(x0 + r, y0 + r, 180);
  return out;
}

/** A smooth closed curve through the points (Catmull-Rom). */
export function blob(points: Path, steps = 6): number[] {
  const n = points.length / 2;
  const out: number[] = [];
  const at = (i: number, k: number) => points[((i + n) % n) * 2 + k] as number;
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < steps; s++) {
      const t = s / steps;
      out.push(
        spline(at(i - 1, 0), at(i, 0), at(i + 1, 0), at(i + 2, 0), t),
        spline(at(i - 1, 1), at(i, 1), at(i + 1, 1), at(i + 2, 1), t),
      );
    }
  }
  return out;
}

/** A smooth open curve through the points. */
export function curve(points: Path, steps = 6): number[] {
  const n = points.length / 2;
  const out: number[] = [];
  const at = (i: number, k: number) => points[Math.max(0, Math.min(n - 1, i)) * 2 + k] as number;
  for (let i = 0; i < n - 1; i++) {
    for (let s = 0; s < steps; s++) {
      const t = s / steps;
      out.push(
        spline(at(i - 1, 0), at(i, 0), at(i + 1, 0), at(i + 2, 0), t),
        spline(at(i - 1, 1), at(i, 1), at(i + 1, 1), at(i + 2, 1), t),
      );
    }
  }
  out.push(at(n - 1, 0), at(n - 1, 1));
  return out;
}

function spline(a: number, b: number, c: number, d: number, t: number): number {
  return (
    0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)
  );
}

/** Part of an ellipse's rim, as an open line; angles in degrees, clockwise from the right. */
export function arc(
  cx: number,
  cy: number,
  rx: number,
  ry: number,
  from: number,
  to: number,
  steps = 10,
): number[] {
  const out: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const t = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    out.push(cx + Math.cos(t) * rx, cy + Math.sin(t) * ry);
  }
  return out;
}

export function star(cx: number, cy: number, outer: number, inner: number, points = 5, turn = -90): number[] {
  const out: number[] = [];
  for (let i = 0; i < points * 2; i++) {
    const t = ((turn + (i * 180) / points) * Math.PI) / 180;
    const r = i % 2 === 0 ? outer : inner;
    out.push(cx + Math.cos(t) * r, cy + Math.sin(t) * r);
  }
  return out;
}

/* ---- outlines ------------------------------------------------------------------------ */

/** Twice the signed area; above 0 when clockwise on the screen. */
export function turnOf(p: Path): number {
  let sum = 0;
  const n = p.length;
  let ax = p[n - 2] as number,
    ay = p[n - 1] as number;
  for (let i = 0; i < n; i += 2) {
    const bx = p[i] as number,
      by = p[i + 1] as number;
    sum += ax * by - bx * ay;
    ax = bx;
    ay = by;
  }
  return sum;
}

/** The polygon moved outwards by d at every corner (mitred, with a limit). */
export function grow(p: Path, d: number): number[] {
  const n = p.length / 2;
  const side = turnOf(p) > 0 ? 1 : -1;
  const out: number[] = [];
  for (let i = 0; i < n; i++) {
    const j = (i + n - 1) % n,
      k = (i + 1) % n;
    const x = p[i * 2] as number,
      y = p[i * 2 + 1] as number;
    let ux = x - (p[j * 2] as number),
      uy = y - (p[j * 2 + 1] as number);
    let vx = (p[k * 2] as number) - x,
      vy = (p[k * 2 + 1] as number) - y;
    const ul = Math.sqrt(ux * ux + uy * uy) || 1,
      vl = Math.sqrt(vx * vx + vy * vy) || 1;
    ux /= ul;
    uy /= ul;
    vx /= vl;
    vy /= vl;
    let nx = uy + vy,
      ny = -(ux + vx);
    const l = Math.sqrt(nx * nx + ny * ny);
    if (l < 1e-6) {
      nx = uy;
      ny = -ux;
    } else {
      nx /= l;
      ny /= l;
    }
    const cos = Math.max(0.45, nx * uy - ny * ux);
    out.push(x + (nx * side * d) / cos, y + (ny * side * d) / cos);
  }
  return out;
}

/** A line of the given width with round ends, as one polygon. */
export function ribbon(p: Path, width: number): number[] {
  const n = p.length / 2;
  const h = width / 2;
  const left: number[] = [],
    right: number[] = [];
  let firstAngle = 0,
    lastAngle = 0;
  for (let i = 0; i < n; i++) {
    const j = Math.max(0, i - 1),
      k = Math.min(n - 1, i + 1);
    const dx = (p[k * 2] as number) - (p[j * 2] as number),
      dy = (p[k * 2 + 1] as number) - (p[j * 2 + 1] as number);
    const l = Math.sqrt(dx * dx + dy * dy) || 1;
    const nx = dy / l,
      ny = -dx / l;
    const x = p[i * 2] as number,
      y = p[i * 2 + 1] as number;
    left.push(x + nx * h, y + ny * h);
    right.push(x - nx * h, y - ny * h);
    if (i === 0) firstAngle = Math.atan2(-ny, -nx);
    if (i === n - 1) lastAngle = Math.atan2(ny, nx);
  }
  const out = left.slice();
  const cap = (x: number, y: number, from: number) => {
    for (let i = 1; i < 5; i++) {
      const t = from + (i / 5) * Math.PI;
      out.push(x + Math.cos(t) * h, y + Math.sin(t) * h);
    }
  };
  cap(p[n * 2 - 2] as number, p[n * 2 - 1] as number, lastAngle);
  for (let i = n - 1; i >= 0; i--) out.push(right[i * 2] as number, right[i * 2 + 1] as number);
  cap(p[0] as number, p[1] as number, firstAngle);
  return out;
}
