/** Shapes as lists of coordinates. */

export type Rgb = readonly [number, number, number];
/** A closed polygon or an open polyline: `[x0, y0, x1, y1, …]`. */
export type Path = readonly number[];

/** @param turn rotation in radians; @param steps number of points, chosen by the size if 0 */
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

/** A smooth closed curve through the points (Catmull-Rom spline). */
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

/** A smooth open curve through the points (Catmull-Rom spline). */
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

/** An arc of an ellipse as an open polyline. Angles are in degrees, clockwise from the right. */
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

/** @param turn direction of the first point in degrees, clockwise from the right */
export function star(cx: number, cy: number, outer: number, inner: number, points = 5, turn = -90): number[] {
  const out: number[] = [];
  for (let i = 0; i < points * 2; i++) {
    const t = ((turn + (i * 180) / points) * Math.PI) / 180;
    const r = i % 2 === 0 ? outer : inner;
    out.push(cx + Math.cos(t) * r, cy + Math.sin(t) * r);
  }
  return out;
}

/** The path mirrored at x = 0. */
export const mirror = (p: Path): number[] => p.map((v, i) => (i % 2 === 0 ? -v : v));

/** The path and its mirror image. */
export const both = (p: Path): number[][] => [p.slice(), mirror(p)];
