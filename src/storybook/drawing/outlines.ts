/** Outlines: polygons around polygons, and lines with a width. */

import type { Path } from './shapes.ts';

/** Twice the signed area of a polygon: positive if its points run clockwise on the screen. */
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

/** The polygon with every corner moved outwards by `d`. Corners are mitred; the mitre is limited. */
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

/** A polyline of the given width with round ends, as one polygon. */
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
